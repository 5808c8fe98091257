-- Sessions that have waited for a lock on a table of pgjobs for some seconds, and who holds it.
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
ORDER BY since
LIMIT 5
