-- Count the end of one job, for any statement but those that record batches. It acts in the rights of its
-- owner: a role that may end jobs need have no right on the statistics.
--
-- A job must end even if its end can't be counted. A guard around each INSERT would be a subtransaction with an id of
-- its own for each of 10,000 rows of a bulk cancellation. So it is there only if something on the table can
-- refuse the row, which may_count.sql finds out once in a transaction.
CREATE FUNCTION pgjobs_count_end() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE
    run float8;
    wait float8;
    failure jsonb;
    failed bigint := CASE WHEN NEW.status IN ('errored', 'failed') THEN NEW.id END;
BEGIN
    IF NOT pgjobs_may_count() THEN
        RETURN NULL;
    END IF;
    IF OLD.status = 'running' AND NEW.started IS NOT NULL THEN
        run := date_part('epoch', NEW.completed - NEW.started);
        wait := date_part('epoch', NEW.started - COALESCE(NEW.scheduled, NEW.created));
    END IF;
    IF NEW.errors IS DISTINCT FROM OLD.errors THEN
        failure := NEW.errors -> -1;
    END IF;
    IF current_setting('pgjobs.may_count', true) = 'guarded' THEN
        PERFORM pgjobs_count_guarded(NEW.job_class, NEW.queue_name, NEW.status, run, wait, failure, failed);
        RETURN NULL;
    END IF;
    INSERT INTO pgjobs_ends (
        job_class, queue, outcome, run_bucket, wait_bucket, jobs, run_seconds, wait_seconds,
        exception, frame, job_id
    )
    VALUES (
        NEW.job_class, NEW.queue_name, NEW.status, pgjobs_bucket(run), pgjobs_bucket(wait), 1,
        GREATEST(run, 0), GREATEST(wait, 0),
        failure ->> 'exception', failure ->> 'frame', failed
    );
    RETURN NULL;
END
$$;

COMMENT ON FUNCTION pgjobs_count_end IS 'The trigger that counts the end of one job for the statistics.';
