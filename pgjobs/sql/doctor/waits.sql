-- Sessions that have waited for a lock on a table of pgjobs for some seconds, and who holds it. A session that
-- has used such a table, and now waits for a lock of the project, does not count: it holds or wants the lock of
-- a row of another table, or an advisory one.
SELECT
    waiting.pid,
    pg_blocking_pids(waiting.pid) AS blockers,
    waiting.query_start AS since
FROM pg_stat_activity AS waiting
WHERE waiting.datname = current_database()
    AND waiting.wait_event_type = 'Lock'
    AND waiting.query_start < statement_timestamp() - %(longest)s
    AND EXISTS (
        SELECT
        FROM pg_locks AS lock
        JOIN pg_class AS class ON class.oid = lock.relation
        WHERE lock.pid = waiting.pid AND class.relname LIKE 'pgjobs%%'
    )
    AND NOT EXISTS (
        SELECT
        FROM pg_locks AS lock
        LEFT JOIN pg_class AS class ON class.oid = lock.relation
        WHERE lock.pid = waiting.pid
            AND (NOT lock.granted OR lock.locktype = 'tuple')
            AND (lock.locktype = 'advisory' OR class.relname NOT LIKE 'pgjobs%%')
    )
ORDER BY since
LIMIT 5
