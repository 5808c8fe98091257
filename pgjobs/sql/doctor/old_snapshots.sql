-- What keeps VACUUM from removing the dead rows of this database: transactions, slots, prepared transactions.
-- A VACUUM keeps no rows from another one, however long it runs.
SELECT
    'a transaction of pid ' || pid || COALESCE(' (' || NULLIF(application_name, '') || ')', '') AS holder,
    xact_start AS since
FROM pg_stat_activity
WHERE datname = current_database()
    AND pid <> pg_backend_pid()
    AND (backend_xmin IS NOT NULL OR backend_xid IS NOT NULL)
    AND xact_start < statement_timestamp() - %(longest)s
    AND NOT EXISTS (SELECT FROM pg_stat_progress_vacuum AS vacuum WHERE vacuum.pid = pg_stat_activity.pid)
UNION ALL
SELECT 'the prepared transaction ' || quote_literal(gid), prepared
FROM pg_prepared_xacts
WHERE database = current_database() AND prepared < statement_timestamp() - %(longest)s
UNION ALL
SELECT 'the replication slot ' || slot_name || ', which nobody reads', NULL
FROM pg_replication_slots
WHERE NOT active AND (xmin IS NOT NULL OR (catalog_xmin IS NOT NULL AND database = current_database()))
ORDER BY since NULLS FIRST
LIMIT 5
