-- The roles whose sessions in this database do not show their transactions to the current role.
SELECT DISTINCT usename::text
FROM pg_stat_activity
WHERE datname = current_database() AND backend_type IS NULL
ORDER BY usename
