-- The heartbeat without a look at other tables, for a moment in which one of them can't be read. A lock on the
-- table of orders must not stop the jobs of a living worker. The answer is that of beat.sql: nothing to do.
UPDATE pgjobs_worker
SET heartbeat = statement_timestamp(), draining = %(draining)s
WHERE id = %(id)s
    AND stopped IS NULL
    AND set_config('synchronous_commit', 'off', true) = 'off'
RETURNING true, NULL
