-- Append lines to the logs of the jobs that still exist. KEY SHARE keeps a job from being deleted
-- before its line is written.
INSERT INTO pgjobs_log (job_id, attempt, timestamp, level, message)
SELECT line.job_id, line.attempt, statement_timestamp() - make_interval(secs => line.age), line.level, line.message
FROM unnest(
    %(jobs)s::bigint[], %(attempts)s::smallint[], %(ages)s::float8[], %(levels)s::text[], %(messages)s::text[]
) WITH ORDINALITY AS line (job_id, attempt, age, level, message, rank)
CROSS JOIN LATERAL (
    SELECT FROM pgjobs_job WHERE id = line.job_id FOR KEY SHARE
) AS job
ORDER BY line.rank
