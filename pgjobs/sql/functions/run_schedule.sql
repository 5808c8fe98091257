-- Run a system job now, as its clock would, and leave its next due time as it is. The place is that of the
-- clock's runs: while one of them is live, no second one is made.
CREATE FUNCTION pgjobs_run_schedule(schedule text) RETURNS TABLE (job bigint, is_new boolean)
LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE
    known pgjobs_schedule := pgjobs_schedule_named(schedule);
    live bigint := (
        SELECT id
        FROM pgjobs_job
        WHERE once_key = known.job_class AND status IN ('pending', 'scheduled', 'running')
    );
BEGIN
    IF known.kwargs IS NULL OR NOT known.enabled THEN
        RAISE EXCEPTION 'no worker knows the system job %', known.job_class
        USING ERRCODE = 'object_not_in_prerequisite_state',
            HINT = 'A worker that has its code must start first, of this release or a newer one.';
    END IF;
    job := pgjobs_enqueue_once(known.job_class, known.kwargs, queue => known.queue_name);
    -- No other statement has the same moment. But this one may have called the function before.
    SELECT made.created = statement_timestamp() AND made.id IS DISTINCT FROM live INTO is_new
    FROM pgjobs_job AS made
    WHERE made.id = job;
    IF is_new THEN
        PERFORM pgjobs_note('run schedule', ARRAY[job], known.job_class, 1);
    END IF;
    RETURN NEXT;
END
$$;

COMMENT ON FUNCTION pgjobs_run_schedule IS
    'Enqueue a system job at once, and return the job and whether it is new: a run that is live already is returned instead. The next due time stays.';
