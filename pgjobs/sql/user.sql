-- The key of a new job's user; NULL if the user is deleted. {users} and {key} name the user's table and
-- its key.
--
-- A stale instance can outlive its user. The foreign key would refuse the job at the caller's commit,
-- and everything else in that transaction with it. The lock makes a deletion wait for the commit, and
-- then the database takes the user off the job. Above `read committed` the lock would fail if the user
-- was changed since the snapshot, for example by a login, so there the user is only looked for.
SELECT CASE current_setting('transaction_isolation')
    WHEN 'read committed' THEN (SELECT {key} FROM {users} WHERE {key} = %(user_id)s FOR KEY SHARE)
    ELSE (SELECT {key} FROM {users} WHERE {key} = %(user_id)s)
END
