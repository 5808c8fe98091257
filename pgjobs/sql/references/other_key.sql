-- Whether pgjobs_user_id() still returns the type that the key of the user once had.
SELECT EXISTS (
    SELECT FROM pg_proc AS made
    JOIN pg_attribute AS own ON own.attrelid = to_regclass('pgjobs_job') AND own.attname = 'user_id'
    WHERE made.oid = to_regproc('pgjobs_user_id') AND made.prorettype <> own.atttypid
)
