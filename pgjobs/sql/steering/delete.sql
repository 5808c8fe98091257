-- Delete jobs whose rows are locked, as Django would: first their logs, and a schedule forgets its last job,
-- for which the database has no constraint. Return the numbers of log lines and of jobs.
WITH lines AS (
    DELETE FROM pgjobs_log WHERE job_id = ANY (%(ids)s::bigint[]) RETURNING 1
),
schedules AS (
    UPDATE pgjobs_schedule SET last_job_id = NULL WHERE last_job_id = ANY (%(ids)s::bigint[])
),
jobs AS (
    DELETE FROM pgjobs_job WHERE id = ANY (%(ids)s::bigint[]) RETURNING 1
)
SELECT (SELECT count(*) FROM lines), (SELECT count(*) FROM jobs)
