-- Make finished jobs pending again, apart from jobs whose place is taken by a live job. Their rows are locked.
-- models/job_steering.py has the reasons of each column; functions/retry.sql has the same statement.
UPDATE pgjobs_job AS job
SET status = 'pending',
    position = nextval('pgjobs_position'),
    scheduled = statement_timestamp(),
    attempt = 0,
    interruptions = 0,
    started = NULL,
    completed = NULL,
    error = '',
    progress = NULL,
    successor = NULL,
    cancel_requested = NULL,
    interval = CASE
        WHEN status = 'cancelled' AND (started IS NULL OR cancel_requested IS NULL) THEN interval
    END
WHERE id = ANY (%(ids)s::bigint[])
    AND status IN ('completed', 'errored', 'failed', 'cancelled')
    AND NOT EXISTS (
        SELECT
        FROM pgjobs_job AS holder
        WHERE holder.once_key = job.once_key AND holder.status IN ('pending', 'scheduled', 'running')
    )
RETURNING id
