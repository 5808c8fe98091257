-- Spans in seconds: psycopg can't read an interval if the database sets an IntervalStyle.
SELECT
    id,
    object,
    extract(epoch FROM late_by)::float8 AS late_by,
    extract(epoch FROM duration)::float8 AS duration,
    extract(epoch FROM time_limit)::float8 AS time_limit,
    progress_percent,
    progress_message,
    error
FROM pgjobs_jobs
WHERE id = ANY (%(ids)s::bigint[])
