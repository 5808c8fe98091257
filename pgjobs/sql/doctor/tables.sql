-- The tables that change with each job: their dead rows, and whether autovacuum looks after them.
SELECT
    class.relname::text,
    COALESCE(pg_stat_get_live_tuples(class.oid), 0) AS live,
    COALESCE(pg_stat_get_dead_tuples(class.oid), 0) AS dead,
    GREATEST(pg_stat_get_last_vacuum_time(class.oid), pg_stat_get_last_autovacuum_time(class.oid)) AS vacuumed,
    current_setting('autovacuum')::boolean
        AND COALESCE((
            SELECT option_value::boolean
            FROM pg_options_to_table(class.reloptions)
            WHERE option_name = 'autovacuum_enabled'
        ), true) AS has_autovacuum
FROM unnest(ARRAY['pgjobs_job', 'pgjobs_log']) AS name
JOIN pg_class AS class ON class.oid = name::regclass
