-- One snapshot reads the merged and the unmerged ends, so a total never goes down from one read to the next.
WITH part AS MATERIALIZED (
    SELECT * FROM pgjobs_ended WHERE period = 'total'
),
runs AS (
    SELECT job_class, queue, outcome, jsonb_object_agg(bucket, jobs) AS run_buckets
    FROM (
        SELECT job_class, queue, outcome, bucket, sum(n)::bigint AS jobs
        FROM (
            SELECT job_class, queue, outcome, unnest(run_buckets) AS bucket, unnest(run_counts) AS n FROM part
        ) AS counts
        GROUP BY 1, 2, 3, 4
    ) AS each
    GROUP BY 1, 2, 3
),
waits AS (
    SELECT job_class, queue, outcome, jsonb_object_agg(bucket, jobs) AS wait_buckets
    FROM (
        SELECT job_class, queue, outcome, bucket, sum(n)::bigint AS jobs
        FROM (
            SELECT job_class, queue, outcome, unnest(wait_buckets) AS bucket, unnest(wait_counts) AS n FROM part
        ) AS counts
        GROUP BY 1, 2, 3, 4
    ) AS each
    GROUP BY 1, 2, 3
)
SELECT
    job_class, queue, outcome,
    sum(jobs)::bigint AS jobs,
    sum(run_seconds) AS run_seconds,
    sum(wait_seconds) AS wait_seconds,
    COALESCE(runs.run_buckets, '{}') AS run_buckets,
    COALESCE(waits.wait_buckets, '{}') AS wait_buckets
FROM part
LEFT JOIN runs USING (job_class, queue, outcome)
LEFT JOIN waits USING (job_class, queue, outcome)
GROUP BY job_class, queue, outcome, runs.run_buckets, waits.wait_buckets
ORDER BY job_class, queue, outcome
