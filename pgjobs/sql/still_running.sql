-- The jobs whose rows would take their outcome, although the statement before has not written it: the
-- guard is that of record.sql.
SELECT job.id
FROM unnest(%(ids)s::bigint[], %(epochs)s::int[], %(workers)s::bigint[]) AS o (id, epoch, worker_id)
JOIN pgjobs_job AS job
    ON job.id = ANY (ARRAY[o.id])
    AND job.epoch = ANY (ARRAY[o.epoch])
    AND (o.worker_id IS NULL OR job.worker_id = o.worker_id)
    AND CASE job.status WHEN 'running' THEN true ELSE false END
