-- Who holds a lock on the table of jobs that no claim can pass, as CREATE INDEX without CONCURRENTLY does.
SELECT
    held.pid || COALESCE(' (' || NULLIF(session.application_name, '') || ')', '') AS holder,
    held.mode,
    session.xact_start AS since
FROM pg_locks AS held
LEFT JOIN pg_stat_activity AS session ON session.pid = held.pid
WHERE held.granted
    AND held.locktype = 'relation'
    AND held.database = (SELECT oid FROM pg_database WHERE datname = current_database())
    AND held.relation = (SELECT to_regclass('pgjobs_job'))
    AND held.mode IN ('ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')
    AND session.xact_start < statement_timestamp() - %(longest)s
ORDER BY since
