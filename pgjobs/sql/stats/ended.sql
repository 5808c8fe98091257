-- The ends since a moment, added up by the columns that are asked for; the other columns are NULL.
WITH part AS MATERIALIZED (
    SELECT
        CASE WHEN %(by_time)s THEN start END AS start,
        CASE WHEN %(by_class)s THEN job_class END AS job_class,
        CASE WHEN %(by_queue)s THEN queue END AS queue,
        outcome, jobs, run_seconds, run_buckets, run_counts, wait_buckets, wait_counts
    FROM pgjobs_ended
    WHERE period = %(period)s
        AND start >= date_trunc(%(period)s, %(since)s::timestamptz, 'UTC')
        AND (%(only_queue)s::text IS NULL OR queue = %(only_queue)s)
        AND (%(only_class)s::text IS NULL OR job_class = %(only_class)s)
),
ends AS (
    SELECT
        start, job_class, queue,
        COALESCE(sum(jobs) FILTER (WHERE outcome = 'completed'), 0)::bigint AS completed,
        COALESCE(sum(jobs) FILTER (WHERE outcome = 'errored'), 0)::bigint AS errored,
        COALESCE(sum(jobs) FILTER (WHERE outcome = 'failed'), 0)::bigint AS failed,
        COALESCE(sum(jobs) FILTER (WHERE outcome = 'cancelled'), 0)::bigint AS cancelled,
        make_interval(secs => sum(run_seconds)) AS run_time
    FROM part
    GROUP BY start, job_class, queue
),
buckets AS (
    SELECT
        start, job_class, queue, measure, bucket,
        sum(sum(jobs)) OVER (PARTITION BY start, job_class, queue, measure ORDER BY bucket) AS upto,
        sum(sum(jobs)) OVER (PARTITION BY start, job_class, queue, measure) AS total
    FROM (
        SELECT
            start, job_class, queue,
            unnest(run_buckets) AS run_bucket, unnest(run_counts) AS runs,
            unnest(wait_buckets) AS wait_bucket, unnest(wait_counts) AS waits
        FROM part
    ) AS pairs
    CROSS JOIN LATERAL (
        VALUES ('run', run_bucket, runs), ('wait', wait_bucket, waits)
    ) AS each (measure, bucket, jobs)
    WHERE bucket IS NOT NULL
    GROUP BY start, job_class, queue, measure, bucket
),
times AS (
    SELECT
        start, job_class, queue,
        pgjobs_bucket_time(min(bucket) FILTER (WHERE measure = 'run' AND upto >= 0.5 * total)) AS run_p50,
        pgjobs_bucket_time(min(bucket) FILTER (WHERE measure = 'run' AND upto >= 0.95 * total)) AS run_p95,
        pgjobs_bucket_time(min(bucket) FILTER (WHERE measure = 'run' AND upto >= 0.99 * total)) AS run_p99,
        pgjobs_bucket_time(min(bucket) FILTER (WHERE measure = 'wait' AND upto >= 0.5 * total)) AS wait_p50,
        pgjobs_bucket_time(min(bucket) FILTER (WHERE measure = 'wait' AND upto >= 0.95 * total)) AS wait_p95,
        pgjobs_bucket_time(min(bucket) FILTER (WHERE measure = 'wait' AND upto >= 0.99 * total)) AS wait_p99
    FROM buckets
    GROUP BY start, job_class, queue
)
SELECT ends.*, run_p50, run_p95, run_p99, wait_p50, wait_p95, wait_p99
FROM ends
LEFT JOIN times
    ON times.start IS NOT DISTINCT FROM ends.start
    AND times.job_class IS NOT DISTINCT FROM ends.job_class
    AND times.queue IS NOT DISTINCT FROM ends.queue
ORDER BY ends.start, completed + errored + failed + cancelled DESC, ends.job_class, ends.queue
