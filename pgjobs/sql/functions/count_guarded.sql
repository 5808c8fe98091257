-- Count the end of one job in a table that may refuse it: a project has put a trigger or a policy on it. The guard is
-- a subtransaction with an id of its own, so a table without such additions goes without, see count_end.sql.
--
-- After the first refusal the transaction counts no more: each further one may wait for half a second.
CREATE FUNCTION pgjobs_count_guarded(
    job_class text, queue text, outcome text, run float8, wait float8, failure jsonb, job_id bigint
) RETURNS void
LANGUAGE plpgsql SET lock_timeout = '500ms' AS $$
#variable_conflict use_column
BEGIN
    INSERT INTO pgjobs_ends (
        job_class, queue, outcome, run_bucket, wait_bucket, jobs, run_seconds, wait_seconds,
        exception, frame, job_id
    )
    VALUES ($1, $2, $3, pgjobs_bucket($4), pgjobs_bucket($5), 1, GREATEST($4, 0), GREATEST($5, 0),
        $6 ->> 'exception', $6 ->> 'frame', $7);
EXCEPTION WHEN OTHERS OR assert_failure THEN
    RAISE WARNING 'pgjobs could not count the end of a job: %', SQLERRM;
    PERFORM set_config('pgjobs.may_count', 'no', true);
END
$$;

COMMENT ON FUNCTION pgjobs_count_guarded IS
    'Counts the end of one job for the statistics. If the table refuses it, it is not counted, and the job ends.';
