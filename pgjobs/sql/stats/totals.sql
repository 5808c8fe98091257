-- One statement and so one snapshot reads the merged and the unmerged ends, so a total never goes down from
-- one read to the next. Several rows can have the same key: stats.totals() adds them. To do that here would
-- take the buckets of each row apart and put them together again, ten times the work.
SELECT
    job_class, queue, outcome, jobs, run_seconds, wait_seconds,
    run_buckets, run_counts, wait_buckets, wait_counts
FROM pgjobs_statistics
WHERE period = 'total'
UNION ALL
SELECT
    job_class, queue, outcome,
    sum(jobs)::bigint, COALESCE(sum(run_seconds), 0), COALESCE(sum(wait_seconds), 0),
    ARRAY[run_bucket], ARRAY[sum(jobs)::bigint], ARRAY[wait_bucket], ARRAY[sum(jobs)::bigint]
FROM pgjobs_ends
GROUP BY job_class, queue, outcome, run_bucket, wait_bucket
ORDER BY job_class, queue, outcome
