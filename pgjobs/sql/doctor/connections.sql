-- To a role without the right, a session of another role shows no type, but its database.
SELECT
    (
        SELECT count(*)
        FROM pg_stat_activity
        WHERE datid IS NOT NULL AND COALESCE(backend_type, 'client backend') = 'client backend'
    ) AS used,
    current_setting('max_connections')::integer
        - current_setting('superuser_reserved_connections')::integer AS allowed
