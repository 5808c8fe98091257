-- See spans.sql for the spans. A percentile is the middle of the first bucket up to which so many of the jobs
-- are counted.
--
-- The histograms of one class and queue are gathered before their buckets are added up, so that PostgreSQL
-- groups by one small number: to group a hundred thousand buckets by class and queue, too, takes three times
-- as long. unnest() stands in the list of columns, because each call in FROM would fill a table of its own.
-- OFFSET 0 has each part of a span read by the primary key.
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
        sum(jobs) OVER (PARTITION BY span, job_class, queue, measure ORDER BY bucket) AS upto,
        sum(jobs) OVER (PARTITION BY span, job_class, queue, measure) AS total
    FROM (
        SELECT span.span, (part.ended).job_class, (part.ended).queue, array_agg(part.ended) AS histograms
        FROM pgjobs_spans AS span
        CROSS JOIN LATERAL (
            SELECT ended
            FROM pgjobs_ended AS ended
            WHERE period = span.period AND start >= span.since AND start < span.upto
            OFFSET 0
        ) AS part
        GROUP BY span.span, (part.ended).job_class, (part.ended).queue
    ) AS gathered
    CROSS JOIN LATERAL (
        SELECT 'run' AS measure, bucket, sum(jobs) AS jobs
        FROM (
            SELECT unnest(run_buckets) AS bucket, unnest(run_counts) AS jobs FROM unnest(histograms)
        ) AS run
        GROUP BY bucket
        UNION ALL
        SELECT 'wait', bucket, sum(jobs)
        FROM (
            SELECT unnest(wait_buckets) AS bucket, unnest(wait_counts) AS jobs FROM unnest(histograms)
        ) AS wait
        GROUP BY bucket
    ) AS each
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
