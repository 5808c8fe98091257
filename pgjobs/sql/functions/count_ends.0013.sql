-- Count the ends of a batch, which the statement left in the setting pgjobs.ends: see statistics/tally.sql.
--
-- A job must end even if its end can't be counted: somebody may hold a lock on the table, or have put a
-- trigger on it. Without the exception block each error here would look to the worker as if a row
-- refused its outcome, and the jobs would end as errored.
CREATE FUNCTION pgjobs_count_ends() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET lock_timeout = '500ms' AS $$
DECLARE
    ends text := current_setting('pgjobs.ends', true);
BEGIN
    PERFORM set_config('pgjobs.counts', '', true), set_config('pgjobs.ends', '', true);
    INSERT INTO pgjobs_ends (
        job_class, queue, outcome, run_bucket, wait_bucket, jobs, run_seconds, wait_seconds,
        exception, frame, job_id
    )
    SELECT
        job_class, queue, outcome, run_bucket, wait_bucket, jobs, run_seconds, wait_seconds,
        exception, frame, job_id
    FROM json_populate_recordset(NULL::pgjobs_ends, NULLIF(ends, '')::json);
    RETURN NULL;
EXCEPTION WHEN OTHERS THEN
    RAISE WARNING 'pgjobs could not count the ends of a batch: %', SQLERRM;
    PERFORM set_config('pgjobs.counts', '', true), set_config('pgjobs.ends', '', true);
    RETURN NULL;
END
$$;

COMMENT ON FUNCTION pgjobs_count_ends IS
    'The trigger that counts the ends of a batch of jobs for the statistics.';
