-- The B-trees of these tables, beside the bytes that their entries need: a header and a pointer of 12 bytes, and
-- the average width of the columns, rounded up to 8, on pages that are nine tenths full. Entries with the same
-- key can share it, so a sound index can be smaller than this. Without the statistics of a VACUUM or an ANALYZE
-- nobody knows how many entries there are: `needed` is NULL. An expression has its statistics under the name of
-- its index.
SELECT
    class.relname::text AS name,
    class.oid::regclass::text AS qualified,
    pg_relation_size(class.oid) AS bytes,
    CASE
        WHEN COALESCE(
            pg_stat_get_last_vacuum_time(index.indrelid),
            pg_stat_get_last_autovacuum_time(index.indrelid),
            pg_stat_get_last_analyze_time(index.indrelid),
            pg_stat_get_last_autoanalyze_time(index.indrelid)
        ) IS NOT NULL
        THEN (ceil(GREATEST(class.reltuples, 0) * entry.width / 0.9 / 8192) + 1)::bigint * 8192
    END AS needed,
    index.indisvalid AS is_valid,
    COALESCE(pg_stat_get_numscans(class.oid), 0) AS scans
FROM pg_index AS index
JOIN pg_class AS class ON class.oid = index.indexrelid
JOIN pg_class AS indexed ON indexed.oid = index.indrelid
CROSS JOIN LATERAL (
    SELECT 12 + 8 * ceil(sum(COALESCE(known.avg_width, 8)) / 8.0) AS width
    FROM unnest(index.indkey::int[]) WITH ORDINALITY AS key (attnum, place)
    LEFT JOIN pg_attribute AS named
        ON named.attrelid = index.indrelid AND named.attnum = key.attnum AND key.attnum > 0
    LEFT JOIN pg_attribute AS computed
        ON computed.attrelid = class.oid AND computed.attnum = key.place AND key.attnum = 0
    LEFT JOIN pg_stats AS known
        ON known.schemaname = indexed.relnamespace::regnamespace::text
        AND known.tablename = CASE WHEN key.attnum > 0 THEN indexed.relname ELSE class.relname END
        AND known.attname = COALESCE(named.attname, computed.attname)
) AS entry
WHERE index.indrelid = ANY (%(tables)s::regclass[])
    AND class.relam = (SELECT oid FROM pg_am WHERE amname = 'btree')
ORDER BY bytes DESC, name
