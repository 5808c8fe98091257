-- The jobs whose rows another transaction holds at this moment. After a statement that waited for a lock
-- in vain, they are left out of the next one: each would be waited for by itself.
WITH free AS MATERIALIZED (
    SELECT id FROM pgjobs_job WHERE id = ANY (%(ids)s::bigint[]) FOR NO KEY UPDATE SKIP LOCKED
)
SELECT id
FROM pgjobs_job AS job
WHERE id = ANY (%(ids)s::bigint[]) AND NOT EXISTS (SELECT FROM free WHERE free.id = job.id)
