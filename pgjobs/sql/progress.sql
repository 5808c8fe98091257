-- Write how far jobs have come. No index contains this column, so the new version of a row stays in
-- its page and no index is written (a HOT update).
UPDATE pgjobs_job AS job
SET progress = said.progress::jsonb
FROM unnest(%(jobs)s::bigint[], %(epochs)s::int[], %(progress)s::text[]) AS said (id, epoch, progress)
WHERE job.id = ANY (ARRAY[said.id]) AND job.epoch = said.epoch AND CASE job.status WHEN 'running' THEN true ELSE false END
