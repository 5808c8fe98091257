-- See throughput.sql for the spans. A percentile is the middle of the first bucket up to which so many of
-- the jobs are counted.
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
        sum(sum(counts.jobs)) OVER (PARTITION BY span, job_class, queue, measure ORDER BY bucket) AS upto,
        sum(sum(counts.jobs)) OVER (PARTITION BY span, job_class, queue, measure) AS total
    FROM (
        VALUES
            ('hour', 'minute', interval '1 hour'),
            ('day', 'hour', interval '1 day'),
            ('week', 'hour', interval '7 days')
    ) AS span (span, period, length)
    JOIN pgjobs_ended AS part
        ON part.period = span.period AND part.start > statement_timestamp() - span.length
    CROSS JOIN LATERAL (
        SELECT 'run' AS measure, bucket, jobs FROM unnest(run_buckets, run_counts) AS runs (bucket, jobs)
        UNION ALL
        SELECT 'wait', bucket, jobs FROM unnest(wait_buckets, wait_counts) AS waits (bucket, jobs)
    ) AS counts
    GROUP BY span, job_class, queue, measure, bucket
) AS counted
GROUP BY span, job_class, queue;

COMMENT ON VIEW pgjobs_latency IS
    'Run times and waits of the jobs that ended in the last hour, day and week, by class and queue, to within 5 %. The view does not read the jobs, so it stays cheap, and it outlives their pruning.';
COMMENT ON COLUMN pgjobs_latency.span IS
    'hour, day or week: the time up to now. A day and a week begin with a whole hour.';
COMMENT ON COLUMN pgjobs_latency.jobs IS 'The jobs that ran and whose run time is known.';
COMMENT ON COLUMN pgjobs_latency.run_p95 IS 'Of 100 runs, 95 took no longer than this.';
COMMENT ON COLUMN pgjobs_latency.wait_p95 IS
    'Of 100 jobs, 95 waited no longer than this from the moment at which they were due until run() began.';
