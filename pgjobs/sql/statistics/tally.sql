-- Hand the ends of a batch to the trigger pgjobs_count_ends, in record.sql and in record_plain.sql:
-- `recorded` has the columns of the row that are named here, the run time and the wait in seconds,
-- and, for {failures}, the fingerprint of a failure. A row that a trigger of the project kept has no `completed`.
--
-- A setting of the transaction carries them, because it needs neither a table nor a right. So the
-- statement also works beside a schema that has no statistics yet, or no more. The trigger commits with
-- the rows, so a crash can neither lose a count nor double it.
--
-- One aggregate by the pair of buckets: the jobs of a batch are alike, so it has few groups.
SELECT set_config('pgjobs.ends', COALESCE(json_agg(tally)::text, ''), true) AS tallied
FROM (
    SELECT
        job_class,
        queue_name AS queue,
        status AS outcome,
        CASE WHEN run IS NOT NULL THEN
            (ln(LEAST(GREATEST(run, 1e-6::float8), 1e9::float8)) * 10.492058687::float8)::smallint
        END AS run_bucket,
        CASE WHEN wait IS NOT NULL THEN
            (ln(LEAST(GREATEST(wait, 1e-6::float8), 1e9::float8)) * 10.492058687::float8)::smallint
        END AS wait_bucket,
        count(*) AS jobs,
        sum(GREATEST(run, 0)) AS run_seconds,
        sum(GREATEST(wait, 0)) AS wait_seconds{failures}
    FROM recorded
    WHERE completed IS NOT NULL
    GROUP BY 1, 2, 3, 4, 5{by_failure}
) AS tally
