-- Whether a foreign key of references/deletion.sql has lost its ON DELETE action. Django makes a foreign
-- key anew, without the action, when it changes the type of the key that it refers to.
SELECT EXISTS (
    SELECT FROM pg_constraint AS made
    JOIN pg_attribute AS own ON own.attrelid = made.conrelid AND own.attnum = made.conkey[1]
    WHERE made.contype = 'f'
        AND (
            made.conrelid = to_regclass('pgjobs_log') AND own.attname = 'job_id' AND made.confdeltype <> 'c'
            OR made.conrelid = to_regclass('pgjobs_job') AND own.attname = 'user_id' AND made.confdeltype <> 'n'
        )
)
