-- Append lines to the logs of jobs that still exist; KEY SHARE so that none vanishes meanwhile.
INSERT INTO pgjobs_log (job_id, attempt, timestamp, level, message)
SELECT line.job_id, line.attempt, statement_timestamp() - make_interval(secs => line.age), line.level, line.message
FROM unnest(
    %(jobs)s::bigint[], %(attempts)s::smallint[], %(ages)s::float8[], %(levels)s::text[], %(messages)s::text[]
) WITH ORDINALITY AS line (job_id, attempt, age, level, message, rank)
JOIN (
    SELECT id FROM pgjobs_job WHERE id = ANY (%(jobs)s::bigint[]) FOR KEY SHARE
) AS job ON job.id = line.job_id
ORDER BY line.rank
