-- The ends in some parts of time, added up by the columns that are asked for; the other columns are NULL. See
-- the view pgjobs_latency for the shape.
WITH gathered AS MATERIALIZED (
    SELECT
        CASE WHEN %(by_time)s THEN (part.ended).start END AS start,
        CASE WHEN %(by_class)s THEN (part.ended).job_class END AS job_class,
        CASE WHEN %(by_queue)s THEN (part.ended).queue END AS queue,
        COALESCE(sum((part.ended).jobs) FILTER (WHERE (part.ended).outcome = 'completed'), 0)::bigint AS completed,
        COALESCE(sum((part.ended).jobs) FILTER (WHERE (part.ended).outcome = 'errored'), 0)::bigint AS errored,
        COALESCE(sum((part.ended).jobs) FILTER (WHERE (part.ended).outcome = 'failed'), 0)::bigint AS failed,
        COALESCE(sum((part.ended).jobs) FILTER (WHERE (part.ended).outcome = 'cancelled'), 0)::bigint AS cancelled,
        make_interval(secs => LEAST(sum((part.ended).run_seconds), 9e12)) AS run_time,
        array_agg(part.ended) AS histograms
    FROM unnest(%(periods)s::text[], %(since)s::timestamptz[], %(upto)s::timestamptz[]) AS span (period, since, upto)
    CROSS JOIN LATERAL (
        SELECT ended
        FROM pgjobs_ended AS ended
        WHERE period = span.period AND start >= span.since AND start < span.upto
            AND (%(only_queue)s::text IS NULL OR queue = %(only_queue)s)
            AND (%(only_class)s::text IS NULL OR job_class = %(only_class)s)
        OFFSET 0
    ) AS part
    GROUP BY 1, 2, 3
)
SELECT start, job_class, queue, completed, errored, failed, cancelled, run_time, times.*
FROM gathered
CROSS JOIN LATERAL (
    SELECT
        pgjobs_bucket_time(min(bucket) FILTER (WHERE measure = 'run' AND reached >= 0.5 * total)) AS run_p50,
        pgjobs_bucket_time(min(bucket) FILTER (WHERE measure = 'run' AND reached >= 0.95 * total)) AS run_p95,
        pgjobs_bucket_time(min(bucket) FILTER (WHERE measure = 'run' AND reached >= 0.99 * total)) AS run_p99,
        pgjobs_bucket_time(min(bucket) FILTER (WHERE measure = 'wait' AND reached >= 0.5 * total)) AS wait_p50,
        pgjobs_bucket_time(min(bucket) FILTER (WHERE measure = 'wait' AND reached >= 0.95 * total)) AS wait_p95,
        pgjobs_bucket_time(min(bucket) FILTER (WHERE measure = 'wait' AND reached >= 0.99 * total)) AS wait_p99
    FROM (
        SELECT
            measure, bucket,
            sum(jobs) OVER (PARTITION BY measure ORDER BY bucket) AS reached,
            sum(jobs) OVER (PARTITION BY measure) AS total
        FROM (
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
) AS times
ORDER BY start, completed + errored + failed + cancelled DESC, job_class, queue
