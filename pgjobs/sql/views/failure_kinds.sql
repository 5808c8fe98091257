-- The table is as large as there are kinds of failure, however many jobs have failed.
CREATE VIEW pgjobs_failure_kinds AS
SELECT
    job_class,
    exception,
    frame,
    sum(jobs)::bigint AS jobs,
    min(first_seen) AS first_seen,
    max(last_seen) AS last_seen,
    max(example_id) AS example_id
FROM (
    SELECT job_class, exception, frame, jobs, first_seen, last_seen, example_id
    FROM pgjobs_failure_statistics
    UNION ALL
    SELECT
        job_class, left(COALESCE(exception, ''), 200), left(COALESCE(frame, ''), 200),
        jobs, ended, ended, job_id
    FROM pgjobs_ends
    WHERE job_id IS NOT NULL
) AS part
GROUP BY 1, 2, 3;

COMMENT ON VIEW pgjobs_failure_kinds IS
    'Kinds of failure by their fingerprint, also of jobs that are pruned: job class, exception, and the place in the code of the project.';
COMMENT ON COLUMN pgjobs_failure_kinds.jobs IS
    'How often a job ended so, as errored or failed. A job that is retried and fails again counts again.';
COMMENT ON COLUMN pgjobs_failure_kinds.frame IS
    'The innermost function in the traceback that belongs neither to pgjobs nor to an installed package; empty if there is none.';
COMMENT ON COLUMN pgjobs_failure_kinds.example_id IS 'The id of the newest of these jobs; it may be pruned.';
