-- Count the end of one job, for any statement but those that record batches. It acts in the rights of its
-- owner: a role that may end jobs need have no right on the statistics.
CREATE FUNCTION pgjobs_count_end() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE
    run float8;
    wait float8;
    failure jsonb;
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
    INSERT INTO pgjobs_ends (
        job_class, queue, outcome, run_bucket, wait_bucket, jobs, run_seconds, wait_seconds,
        exception, frame, job_id
    )
    VALUES (
        NEW.job_class, NEW.queue_name, NEW.status, pgjobs_bucket(run), pgjobs_bucket(wait), 1,
        GREATEST(run, 0), GREATEST(wait, 0),
        failure ->> 'exception', failure ->> 'frame',
        CASE WHEN NEW.status IN ('errored', 'failed') THEN NEW.id END
    );
    RETURN NULL;
END
$$;

COMMENT ON FUNCTION pgjobs_count_end IS 'The trigger that counts the end of one job for the statistics.';
