-- The key of a new job's user; no row if the user is deleted. {users} and {key} name the user's table and
-- its key.
--
-- A stale instance can outlive its user. The foreign key would refuse the job at the caller's commit,
-- and everything else in that transaction with it. The lock makes a deletion wait for the commit, and
-- then the database takes the user off the job.
SELECT {key} FROM {users} WHERE {key} = %(user_id)s FOR KEY SHARE
