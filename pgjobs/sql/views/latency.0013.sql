-- See throughput.sql for the spans. A percentile is the middle of the first bucket up to which so many of
-- the jobs are counted. unnest() stands in the list of columns, because each call in FROM would fill a
-- table of its own. OFFSET 0 has each span read by the primary key.
CREATE VIEW pgjobs_latency AS
SELECT
    span,
    job_class,
    queue,
    COALESCE(max(total) FILTER (WHERE measure = 'run'), 0)::bigint AS jobs,
    pgjobs_bucket_time(min(bucket) FILTER (WHERE measure = 'run' AND upto >= 0.5 * total)) AS run_p50,
    pgjobs_bucket_time(min(bucket) FILTER (WHERE measure = 'run' AND upto >= 0.95 * total)) AS run_p95,
    pgjobs_bucket_time(min(bucket) FILTER (WHERE measure = 'run' AND upto >= 0.99 * total)) AS run_p99,
    pgjobs_bucket_time(min(bucket) FILTER (WHERE measure = 'wait' AND upto >= 0.5 * total)) AS wait_p50,
    pgjobs_bucket_time(min(bucket) FILTER (WHERE measure = 'wait' AND upto >= 0.95 * total)) AS wait_p95,
    pgjobs_bucket_time(min(bucket) FILTER (WHERE measure = 'wait' AND upto >= 0.99 * total)) AS wait_p99
FROM (
    SELECT
        span, job_class, queue, measure, bucket,
        sum(sum(jobs)) OVER (PARTITION BY span, job_class, queue, measure ORDER BY bucket) AS upto,
        sum(sum(jobs)) OVER (PARTITION BY span, job_class, queue, measure) AS total
    FROM (
        SELECT
            span, job_class, queue,
            unnest(run_buckets) AS run_bucket, unnest(run_counts) AS runs,
            unnest(wait_buckets) AS wait_bucket, unnest(wait_counts) AS waits
        FROM (
            VALUES
                ('hour', 'minute', interval '1 hour'),
                ('day', 'hour', interval '1 day'),
                ('week', 'hour', interval '7 days')
        ) AS span (span, period, length)
        CROSS JOIN LATERAL (
            SELECT job_class, queue, run_buckets, run_counts, wait_buckets, wait_counts
            FROM pgjobs_ended
            WHERE period = span.period AND start > statement_timestamp() - span.length
            OFFSET 0
        ) AS part
    ) AS pairs
    CROSS JOIN LATERAL (
        VALUES ('run', run_bucket, runs), ('wait', wait_bucket, waits)
    ) AS each (measure, bucket, jobs)
    WHERE bucket IS NOT NULL
    GROUP BY span, job_class, queue, measure, bucket
) AS counted
GROUP BY span, job_class, queue;

COMMENT ON VIEW pgjobs_latency IS
    'Run times and waits of the jobs that ended in the last hour, day and week, by class and queue, to within 5 %. The view does not read the jobs, so it stays cheap, and it outlives their pruning.';
COMMENT ON COLUMN pgjobs_latency.span IS
    'hour, day or week: the time up to now. A day and a week begin with a whole hour.';
COMMENT ON COLUMN pgjobs_latency.jobs IS 'The jobs that ran.';
COMMENT ON COLUMN pgjobs_latency.run_p95 IS 'Of 100 runs, 95 took no longer than this.';
COMMENT ON COLUMN pgjobs_latency.wait_p95 IS
    'Of 100 jobs, 95 waited no longer than this from the moment at which they were due until run() began.';
