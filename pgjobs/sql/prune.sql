-- Delete a bounded batch of finished jobs past their retention, with their logs. Small batches: one
-- huge DELETE would itself hold back the vacuum that the queue lives on.
WITH old AS MATERIALIZED (
    SELECT id
    FROM pgjobs_job
    WHERE completed < statement_timestamp() - make_interval(days => %(days)s)
    ORDER BY completed
    LIMIT %(limit)s
    FOR UPDATE SKIP LOCKED
),
gone AS (
    DELETE FROM pgjobs_job AS job USING old WHERE job.id = ANY (ARRAY[old.id]) RETURNING job.id
),
lines AS (
    DELETE FROM pgjobs_log WHERE job_id IN (SELECT id FROM gone)
)
SELECT count(*) FROM gone
