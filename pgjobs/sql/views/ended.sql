-- The merged ends, and the ends that are not merged yet. The other views of statistics and
-- pgjobs.stats read this one.
CREATE VIEW pgjobs_ended AS
SELECT
    period, start, job_class, queue, outcome, jobs, run_seconds, wait_seconds,
    run_buckets, run_counts, wait_buckets, wait_counts
FROM pgjobs_statistics
UNION ALL
SELECT
    each.period,
    CASE each.period WHEN 'total' THEN 'epoch' ELSE date_trunc(each.period, minute, 'UTC') END,
    job_class, queue, outcome, jobs, run_seconds, wait_seconds,
    run_buckets, run_counts, wait_buckets, wait_counts
FROM (
    -- A minute can have thousands of rows. A bucket can come several times.
    SELECT
        date_trunc('minute', ended) AS minute,
        job_class, queue, outcome,
        sum(jobs)::bigint AS jobs,
        COALESCE(sum(run_seconds), 0) AS run_seconds,
        COALESCE(sum(wait_seconds), 0) AS wait_seconds,
        COALESCE(array_agg(run_bucket) FILTER (WHERE run_bucket IS NOT NULL), '{}') AS run_buckets,
        COALESCE(array_agg(jobs) FILTER (WHERE run_bucket IS NOT NULL), '{}') AS run_counts,
        COALESCE(array_agg(wait_bucket) FILTER (WHERE wait_bucket IS NOT NULL), '{}') AS wait_buckets,
        COALESCE(array_agg(jobs) FILTER (WHERE wait_bucket IS NOT NULL), '{}') AS wait_counts
    FROM pgjobs_ends
    GROUP BY 1, 2, 3, 4
) AS recent
CROSS JOIN (VALUES ('minute'), ('hour'), ('day'), ('total')) AS each (period);

COMMENT ON VIEW pgjobs_ended IS
    'Ends of jobs by period, class, queue and outcome, with histograms. Several rows can have the same key: add them.';
COMMENT ON COLUMN pgjobs_ended.period IS
    'minute, hour, day, or total. Each end is counted in all four. A total never goes down.';
COMMENT ON COLUMN pgjobs_ended.start IS 'The beginning of the period, in UTC; 1970-01-01 for a total.';
COMMENT ON COLUMN pgjobs_ended.run_seconds IS 'The run times of the jobs that ran, together.';
COMMENT ON COLUMN pgjobs_ended.run_buckets IS
    'The buckets of the run times. A bucket b stands for 1.1 ^ b seconds: pgjobs_bucket_time(b). run_counts has the jobs of each.';
COMMENT ON COLUMN pgjobs_ended.wait_buckets IS
    'The buckets of the waits, from the moment at which a job was due until run() began.';
