-- The view reads the index pgjobs_job_unsuccessful, so it costs as much as there are failures, however
-- many jobs have completed.
CREATE VIEW pgjobs_failures AS
SELECT
    job_class,
    status,
    left(split_part(error, E'\n', 1), 200) AS error,
    count(*) AS jobs,
    min(completed) AS first_seen,
    max(completed) AS last_seen,
    max(id) AS example_id
FROM pgjobs_job
WHERE status IN ('errored', 'failed')
GROUP BY 1, 2, 3;

COMMENT ON VIEW pgjobs_failures IS
    'Jobs that ended badly, by class and first line of the error.';
COMMENT ON COLUMN pgjobs_failures.status IS
    'errored: an exception escaped from run(); failed: the job said so with JobFailed.';
COMMENT ON COLUMN pgjobs_failures.example_id IS 'The id of the newest of these jobs.';
