-- What stands in the way of claims, of records and of VACUUM, the sources that PostgreSQL spreads over six
-- catalogs in one list. The sessions of other roles show their transactions to members of pg_read_all_stats alone.
CREATE VIEW pgjobs_blockers AS
SELECT
    CASE WHEN state LIKE 'idle in transaction%' THEN 'idle transaction' ELSE 'long transaction' END AS kind,
    pid,
    concat_ws(', ', usename, NULLIF(application_name, '')) AS who,
    xact_start AS since,
    -- A VACUUM keeps no rows from another one, however long it runs.
    (backend_xmin IS NOT NULL OR backend_xid IS NOT NULL)
        AND NOT EXISTS (SELECT FROM pg_stat_progress_vacuum AS vacuum WHERE vacuum.pid = session.pid)
        AS keeps_dead_rows,
    left(query, 200) AS evidence
FROM pg_stat_activity AS session
WHERE datname = current_database()
    AND pid <> pg_backend_pid()
    AND xact_start < statement_timestamp() - interval '1 second'
UNION ALL
SELECT 'prepared transaction', NULL, owner::text, prepared, true, gid
FROM pg_prepared_xacts
WHERE database = current_database()
UNION ALL
SELECT 'replication slot', NULL, slot_name::text, NULL, true, plugin::text
FROM pg_replication_slots
WHERE NOT active AND (xmin IS NOT NULL OR (catalog_xmin IS NOT NULL AND database = current_database()))
UNION ALL
-- Locks on a table of pgjobs that no claim or no INSERT can pass, as CREATE INDEX without CONCURRENTLY takes.
SELECT
    'table lock',
    held.pid,
    concat_ws(', ', session.usename, NULLIF(session.application_name, '')),
    session.xact_start,
    false,
    held.mode || ' on ' || class.relname
FROM pg_locks AS held
JOIN pg_class AS class ON class.oid = held.relation
JOIN pg_stat_activity AS session ON session.pid = held.pid
WHERE held.granted
    AND held.locktype = 'relation'
    AND held.database = (SELECT oid FROM pg_database WHERE datname = current_database())
    AND held.pid <> pg_backend_pid()
    AND class.relname LIKE 'pgjobs\_%'
    AND class.relkind IN ('r', 'p')
    AND held.mode IN ('ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')
UNION ALL
-- A session that has used a table of pgjobs and now waits for a lock of the project does not count: it holds or
-- wants the lock of a row of another table, or an advisory one.
SELECT
    'lock wait',
    waiting.pid,
    concat_ws(', ', waiting.usename, NULLIF(waiting.application_name, '')),
    waiting.query_start,
    false,
    'waits for pid ' || array_to_string(pg_blocking_pids(waiting.pid), ', ')
FROM pg_stat_activity AS waiting
WHERE waiting.datname = current_database()
    AND waiting.wait_event_type = 'Lock'
    AND EXISTS (
        SELECT
        FROM pg_locks AS lock
        JOIN pg_class AS class ON class.oid = lock.relation
        WHERE lock.pid = waiting.pid AND class.relname LIKE 'pgjobs%'
    )
    AND NOT EXISTS (
        SELECT
        FROM pg_locks AS lock
        LEFT JOIN pg_class AS class ON class.oid = lock.relation
        WHERE lock.pid = waiting.pid
            AND (NOT lock.granted OR lock.locktype = 'tuple')
            AND (lock.locktype = 'advisory' OR class.relname NOT LIKE 'pgjobs%')
    )
UNION ALL
SELECT
    'dead rows',
    NULL,
    relname::text,
    GREATEST(last_vacuum, last_autovacuum),
    false,
    n_dead_tup || ' dead rows beside ' || n_live_tup || ' live ones'
FROM pg_stat_user_tables
WHERE relid = ANY (ARRAY['pgjobs_job', 'pgjobs_log']::regclass[]) AND n_dead_tup > n_live_tup + 10000;

COMMENT ON VIEW pgjobs_blockers IS
    'What keeps jobs waiting or dead rows in their tables: long and idle transactions, prepared ones, unread replication slots, locks on tables, waits for locks, many dead rows.';
COMMENT ON COLUMN pgjobs_blockers.kind IS
    'long transaction, idle transaction (1 second and more), prepared transaction, replication slot, table lock, lock wait or dead rows.';
COMMENT ON COLUMN pgjobs_blockers.pid IS
    'The session: pg_terminate_backend(pid) ends it, pg_cancel_backend(pid) its statement. NULL for what is no session.';
COMMENT ON COLUMN pgjobs_blockers.who IS
    'The role and the application_name of the session, or the name of the slot or table.';
COMMENT ON COLUMN pgjobs_blockers.since IS
    'The start of the transaction or of the wait, or the last vacuum; NULL if PostgreSQL does not know it.';
COMMENT ON COLUMN pgjobs_blockers.keeps_dead_rows IS
    'Whether VACUUM must keep the rows that have died since, because this may still see them.';
COMMENT ON COLUMN pgjobs_blockers.evidence IS
    'The last statement of the session, the lock, the sessions that are waited for, or the numbers.';
