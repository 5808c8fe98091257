-- Make finished jobs pending again, apart from jobs whose place is taken by a live job. The rows of several jobs
-- are locked before. functions/retry.sql has the same statement.
UPDATE pgjobs_job AS job
SET status = 'pending',
    position = nextval('pgjobs_position'),
    -- Its lateness counts from this moment and not from its first enqueueing.
    scheduled = statement_timestamp(),
    attempt = 0,
    interruptions = 0,
    started = NULL,
    completed = NULL,
    error = '',
    progress = NULL,
    successor = NULL,
    cancel_requested = NULL,
    -- A job that has a successor must not recur too, because the successor continues the chain. A cancelled
    -- job has a successor only if its end was recorded after a request to cancel it. Without a successor it
    -- takes the chain up again.
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
