-- The jobs that have the epoch and the status of their outcome. For these the commit went through and
-- only its answer was lost. A row that was claimed again has a higher epoch.
SELECT job.id, job.status, job.started, job.completed
FROM unnest(%(ids)s::bigint[], %(epochs)s::int[], %(statuses)s::text[]) AS o (id, epoch, status)
JOIN pgjobs_job AS job ON job.id = ANY (ARRAY[o.id]) AND job.epoch = o.epoch AND job.status = o.status
