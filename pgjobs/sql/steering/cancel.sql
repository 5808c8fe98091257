-- Cancel live jobs: waiting ones at once, running ones by a request. Their rows are locked.
-- models/job_steering.py has the reasons of each column; functions/cancel.sql has the same statement.
UPDATE pgjobs_job
SET status = CASE status WHEN 'running' THEN status ELSE 'cancelled' END,
    completed = CASE WHEN status <> 'running' THEN statement_timestamp() END,
    interval = CASE WHEN status <> 'running' THEN interval END,
    successor = NULL,
    cancel_requested = statement_timestamp()
WHERE id = ANY (%(ids)s::bigint[]) AND status IN ('pending', 'scheduled', 'running')
RETURNING id
