-- The running jobs of a worker that should be told to stop: their cancellation was requested, or the
-- row does not belong to the run any more. Then it was deleted, or rescued because the worker looked
-- dead.
SELECT mine.id, mine.epoch, job.id IS NOT NULL AS is_cancelled
FROM unnest(%(ids)s::bigint[], %(epochs)s::int[], %(workers)s::bigint[]) AS mine (id, epoch, worker_id)
LEFT JOIN pgjobs_job AS job
    ON job.id = ANY (ARRAY[mine.id]) AND job.epoch = mine.epoch AND job.worker_id = mine.worker_id
    AND CASE job.status WHEN 'running' THEN true ELSE false END
WHERE job.id IS NULL OR job.cancel_requested IS NOT NULL
