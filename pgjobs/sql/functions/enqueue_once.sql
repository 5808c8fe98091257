-- Make sure that one live job holds the place of its class and object, by the rules of
-- BackgroundJob.enqueue_once(), see enqueueing/once.py. It does not ring, as pgjobs_enqueue() does not.
CREATE FUNCTION pgjobs_enqueue_once(
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
    holder pgjobs_job;
    won bigint;
BEGIN
    -- Others that enqueue different rules for the place replace each other's waiting jobs.
    FOR turn IN 1..20 LOOP
        INSERT INTO pgjobs_job (
            status, scheduled, job_class, name, args, kwargs, object_type_id, object_id, user_id,
            queue_name, priority, once_key, interval, max_attempts, timeout, notifications, meta
        )
        VALUES (
            made.status, made.scheduled, made.job_class, made.name, made.args, made.kwargs,
            made.object_type_id, made.object_id, made.user_id,
            made.queue_name, made.priority, made.once_key, made.interval, made.max_attempts, made.timeout,
            made.notifications, made.meta
        )
        ON CONFLICT (once_key)
            WHERE once_key IS NOT NULL AND status IN ('pending', 'scheduled', 'running')
            DO NOTHING
        RETURNING id INTO won;
        IF won IS NOT NULL THEN
            RETURN won;
        END IF;

        SELECT * INTO holder
        FROM pgjobs_job AS job
        WHERE job.once_key = made.once_key AND job.status IN ('pending', 'scheduled', 'running');
        CONTINUE WHEN NOT FOUND;
        IF COALESCE(made.scheduled = holder.scheduled, made.scheduled IS NULL)
            AND made.interval IS NOT DISTINCT FROM (
                CASE
                    WHEN holder.successor ? 'interval' THEN (holder.successor ->> 'interval')::integer
                    ELSE holder.interval
                END
            )
        THEN
            RETURN holder.id;
        ELSIF holder.status = 'running' THEN
            UPDATE pgjobs_job AS job
            SET successor = jsonb_build_object(
                    'args', made.args, 'kwargs', made.kwargs, 'user_id', made.user_id::text,
                    'queue_name', made.queue_name, 'priority', made.priority,
                    'interval', made.interval, 'max_attempts', made.max_attempts,
                    'timeout', made.timeout, 'notifications', made.notifications, 'meta', made.meta
                ) || CASE
                    WHEN made.scheduled IS NULL THEN '{}'
                    ELSE jsonb_build_object('scheduled', made.scheduled)
                END
            WHERE job.id = holder.id AND job.epoch = holder.epoch AND job.status = 'running'
            RETURNING job.id INTO won;
            IF won IS NOT NULL THEN
                RETURN won;
            END IF;
        ELSE
            PERFORM pgjobs_free_place(holder.id);
        END IF;
    END LOOP;
    RAISE EXCEPTION 'the place % was taken by another rule 20 times', quote_literal(made.once_key)
    USING HINT = 'Do not enqueue different rules for one place all the time, and look for a trigger on pgjobs_job.';
END
$$;

COMMENT ON FUNCTION pgjobs_enqueue_once IS
    'Make sure that one live job of the class and the object exists, and return its id. Call pgjobs_ring() after the commit to start it at once.';
