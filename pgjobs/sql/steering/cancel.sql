-- Cancel live jobs: waiting ones at once, running ones by a request. It is one statement for both: between two
-- statements a job could change from waiting to running, or back, and neither would cancel it. The rows of
-- several jobs are locked before. functions/cancel.sql has the same statement.
UPDATE pgjobs_job
SET status = CASE status WHEN 'running' THEN status ELSE 'cancelled' END,
    completed = CASE WHEN status <> 'running' THEN statement_timestamp() END,
    interval = CASE WHEN status <> 'running' THEN interval END,
    successor = NULL,
    cancel_requested = statement_timestamp()
WHERE id = ANY (%(ids)s::bigint[]) AND status IN ('pending', 'scheduled', 'running')
RETURNING id
