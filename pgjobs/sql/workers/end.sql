-- The end of a worker that signs off or has been rescued, with its place beside the doorbell. A
-- worker ends only with the last of its jobs, because rescuers skip the jobs of an ended worker.
WITH left_doorbell AS (DELETE FROM pgjobs_doorbell WHERE worker_id = %(id)s)
UPDATE pgjobs_worker
SET stopped = statement_timestamp()
WHERE id = %(id)s
    AND NOT EXISTS (SELECT FROM pgjobs_job WHERE worker_id = %(id)s AND status = 'running')
RETURNING id
