-- Whether the tables exist and may be read; the statement reads no row.
SELECT FROM pgjobs_worker LIMIT 0
