SELECT id, object, late_by, duration, time_limit, progress_percent, progress_message, error
FROM pgjobs_jobs
WHERE id = ANY (%(ids)s::bigint[])
