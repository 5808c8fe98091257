-- Insert one job, by the rules of BackgroundJob.enqueue(). For triggers, for pg_cron and for programs in any
-- language.
--
-- It does not ring. Inside the caller's transaction a NOTIFY would make all commits of the server wait for
-- each other, and the row of an idle worker would stay locked until the commit. The next round wakes an idle
-- worker within about a second; pgjobs_ring() after the commit does it at once.
--
-- SECURITY DEFINER: a role that may call this function can enqueue registered jobs, and can't write any
-- other row.
CREATE FUNCTION pgjobs_enqueue(
    job_class text,
    kwargs jsonb DEFAULT '{}',
    object text DEFAULT NULL,
    schedule_at timestamptz DEFAULT NULL,
    interval_minutes integer DEFAULT NULL,
    queue text DEFAULT NULL,
    priority integer DEFAULT NULL,
    timeout integer DEFAULT NULL,
    max_attempts integer DEFAULT NULL,
    user_id text DEFAULT NULL,
    notifications text DEFAULT NULL,
    name text DEFAULT NULL,
    meta jsonb DEFAULT NULL
) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE
    made pgjobs_job := pgjobs_row_for(
        job_class, kwargs, object, schedule_at, interval_minutes, queue, priority, timeout, max_attempts,
        user_id, notifications, name, meta
    );
    inserted bigint;
BEGIN
    INSERT INTO pgjobs_job (
        status, scheduled, job_class, name, args, kwargs, object_type_id, object_id, user_id,
        queue_name, priority, interval, max_attempts, timeout, notifications, meta
    )
    VALUES (
        made.status, made.scheduled, made.job_class, made.name, made.args, made.kwargs,
        made.object_type_id, made.object_id, made.user_id,
        made.queue_name, made.priority, made.interval, made.max_attempts, made.timeout,
        made.notifications, made.meta
    )
    RETURNING id INTO inserted;
    IF inserted IS NULL THEN
        RAISE EXCEPTION 'a trigger on pgjobs_job keeps the job away';
    END IF;
    RETURN inserted;
END
$$;

COMMENT ON FUNCTION pgjobs_enqueue IS
    'Enqueue a job of a registered class and return its id. object is written as app.model:key. Call pgjobs_ring() after the commit to start the job at once.';
