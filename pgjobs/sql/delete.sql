-- Delete the jobs that are still in one of the `statuses`, with their logs.
WITH gone AS (
    DELETE FROM pgjobs_job
    WHERE id = ANY (%(ids)s::bigint[]) AND status = ANY (%(statuses)s::text[])
    RETURNING id
),
lines AS (
    DELETE FROM pgjobs_log WHERE job_id IN (SELECT id FROM gone)
)
SELECT id FROM gone
