-- A list whose filters no index serves must not read a table of millions of rows for minutes. A shorter limit of
-- the project stays.
SELECT
    set_config(
        'statement_timeout',
        (CASE WHEN setting::bigint BETWEEN 1 AND %(longest)s THEN setting::bigint ELSE %(longest)s END)::text,
        true
    ),
    setting AS before
FROM pg_settings
WHERE name = 'statement_timeout'
