-- Merge up to `limit` rows of counted ends into the statistics. Several workers may do it at once: each
-- takes other rows, and they write the same rows in the same order. The deletion and the sums commit
-- together, so an end is never counted twice, and never lost. There is no join: the worker's session allows
-- none but nested loops.
--
-- Beside a schema without the bounds of this table, SQL by hand may have written a row beyond them, see fits.sql.
-- Such a row is deleted and not counted.
--
-- No sum leaves the bounds of its table: otherwise one odd row by hand, whose sum only grows, would refuse each
-- batch from then on.
WITH taken AS (
    DELETE FROM pgjobs_ends
    WHERE ctid = ANY (ARRAY(SELECT ctid FROM pgjobs_ends LIMIT %(limit)s FOR UPDATE SKIP LOCKED))
    RETURNING *, ({fits}) IS TRUE AS fits
),
-- Each end three times in each period: for itself, in its bucket of run times, and in that of waits.
counted AS (
    SELECT
        period,
        CASE period WHEN 'total' THEN 'epoch' ELSE date_trunc(period, ended, 'UTC') END AS start,
        job_class, queue, outcome, measure, bucket,
        sum(jobs)::bigint AS jobs,
        sum(run_seconds) AS run_seconds,
        sum(wait_seconds) AS wait_seconds
    FROM taken
    CROSS JOIN (VALUES ('minute'), ('hour'), ('day'), ('total')) AS each (period)
    CROSS JOIN LATERAL (
        VALUES ('end', NULL), ('run', run_bucket), ('wait', wait_bucket)
    ) AS part (measure, bucket)
    WHERE (measure = 'end' OR bucket IS NOT NULL) AND fits
    GROUP BY 1, 2, 3, 4, 5, 6, 7
),
summed AS (
    INSERT INTO pgjobs_statistics AS kept (
        period, start, job_class, queue, outcome, jobs, run_seconds, wait_seconds,
        run_buckets, run_counts, wait_buckets, wait_counts
    )
    SELECT
        period, start, job_class, queue, outcome,
        sum(jobs) FILTER (WHERE measure = 'end'),
        COALESCE(sum(run_seconds) FILTER (WHERE measure = 'end'), 0),
        COALESCE(sum(wait_seconds) FILTER (WHERE measure = 'end'), 0),
        COALESCE(array_agg(bucket ORDER BY bucket) FILTER (WHERE measure = 'run'), '{}'),
        COALESCE(array_agg(jobs ORDER BY bucket) FILTER (WHERE measure = 'run'), '{}'),
        COALESCE(array_agg(bucket ORDER BY bucket) FILTER (WHERE measure = 'wait'), '{}'),
        COALESCE(array_agg(jobs ORDER BY bucket) FILTER (WHERE measure = 'wait'), '{}')
    FROM counted
    GROUP BY 1, 2, 3, 4, 5
    ORDER BY 1, 2, 3, 4, 5
    ON CONFLICT (period, start, job_class, queue, outcome) DO UPDATE
    SET jobs = LEAST(kept.jobs + EXCLUDED.jobs, 1000000000000000),
        run_seconds = LEAST(kept.run_seconds + EXCLUDED.run_seconds, 1e300),
        wait_seconds = LEAST(kept.wait_seconds + EXCLUDED.wait_seconds, 1e300),
        (run_buckets, run_counts) = (
            SELECT COALESCE(array_agg(bucket ORDER BY bucket), '{}'), COALESCE(array_agg(n ORDER BY bucket), '{}')
            FROM (
                SELECT bucket, LEAST(sum(n), 1000000000000000)::bigint AS n
                FROM (
                    SELECT * FROM unnest(kept.run_buckets, kept.run_counts)
                    UNION ALL
                    SELECT * FROM unnest(EXCLUDED.run_buckets, EXCLUDED.run_counts)
                ) AS each (bucket, n)
                GROUP BY bucket
            ) AS both_counts
        ),
        (wait_buckets, wait_counts) = (
            SELECT COALESCE(array_agg(bucket ORDER BY bucket), '{}'), COALESCE(array_agg(n ORDER BY bucket), '{}')
            FROM (
                SELECT bucket, LEAST(sum(n), 1000000000000000)::bigint AS n
                FROM (
                    SELECT * FROM unnest(kept.wait_buckets, kept.wait_counts)
                    UNION ALL
                    SELECT * FROM unnest(EXCLUDED.wait_buckets, EXCLUDED.wait_counts)
                ) AS each (bucket, n)
                GROUP BY bucket
            ) AS both_counts
        )
),
failed AS (
    INSERT INTO pgjobs_failure_statistics AS kind (
        job_class, exception, frame, jobs, first_seen, last_seen, example_id
    )
    SELECT
        job_class, left(COALESCE(exception, ''), 200), left(COALESCE(frame, ''), 200),
        sum(jobs), min(ended), max(ended), max(job_id)
    FROM taken
    WHERE job_id IS NOT NULL AND fits
    GROUP BY 1, 2, 3
    ORDER BY 1, 2, 3
    ON CONFLICT (job_class, exception, frame) DO UPDATE
    SET jobs = LEAST(kind.jobs + EXCLUDED.jobs, 1000000000000000),
        first_seen = LEAST(kind.first_seen, EXCLUDED.first_seen),
        last_seen = GREATEST(kind.last_seen, EXCLUDED.last_seen),
        example_id = GREATEST(kind.example_id, EXCLUDED.example_id)
)
SELECT count(*) FROM taken
