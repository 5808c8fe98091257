-- Touches no indexed column, so the update stays inside its page (HOT).
UPDATE pgjobs_job AS job
SET progress = said.progress::jsonb
FROM unnest(%(jobs)s::bigint[], %(epochs)s::int[], %(progress)s::text[]) AS said (id, epoch, progress)
WHERE job.id = ANY (ARRAY[said.id]) AND job.epoch = said.epoch AND CASE job.status WHEN 'running' THEN true ELSE false END
