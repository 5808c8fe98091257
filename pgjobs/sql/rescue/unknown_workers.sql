-- The workers that running jobs name and that no rescuer looks at, because their rows are missing or
-- ended: somebody has deleted the row, or a failover has brought back a job. A worker commits its row
-- before it claims, so each living worker of a visible job is visible too.
SELECT DISTINCT job.worker_id
FROM pgjobs_job AS job
LEFT JOIN pgjobs_worker AS worker ON worker.id = job.worker_id
WHERE job.status = 'running' AND job.worker_id IS NOT NULL AND (worker.id IS NULL OR worker.stopped IS NOT NULL)
