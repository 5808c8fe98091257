-- Where this session finds the table of jobs: the database, its schema and the table itself, or NULLs.
SELECT current_database()::text, relnamespace::regnamespace::text, pg_class.oid
FROM (SELECT to_regclass('pgjobs_job') AS found) AS it
LEFT JOIN pg_class ON pg_class.oid = found
