-- Make due scheduled jobs pending, at the end of their lanes. Each takes a new position, because the
-- floor of a worker may have passed its old one. `set_aside` and {only} are those of claim.sql. For a row
-- that a trigger of the project has kept as it is, the queue is NULL.
WITH due AS MATERIALIZED (
    SELECT id
    FROM pgjobs_job
    WHERE status = 'scheduled'
        AND scheduled <= statement_timestamp()
        AND id <> ALL (%(set_aside)s::bigint[])
        {only}
    ORDER BY scheduled
    LIMIT %(limit)s
    FOR NO KEY UPDATE SKIP LOCKED
)
UPDATE pgjobs_job AS job
SET status = 'pending', position = nextval('pgjobs_position')
FROM due
WHERE job.id = ANY (ARRAY[due.id])
RETURNING CASE job.status WHEN 'pending' THEN job.queue_name END
