-- Beside a schema without the bounds of the table, SQL by hand may have written moments that Python can't hold.
SELECT
    job_class, exception, frame, jobs, example_id,
    LEAST(GREATEST(first_seen, '0002-01-01 00:00:00+00'), '9998-12-31 00:00:00+00') AS first_seen,
    LEAST(GREATEST(last_seen, '0002-01-01 00:00:00+00'), '9998-12-31 00:00:00+00') AS last_seen
FROM pgjobs_failure_kinds AS kind
ORDER BY kind.last_seen DESC
LIMIT %(limit)s
