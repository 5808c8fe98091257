SELECT
    (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend') AS used,
    current_setting('max_connections')::integer
        - current_setting('superuser_reserved_connections')::integer AS allowed
