-- Write a batch of outcomes, and in the same statement the successors of recurring jobs, so that a
-- chain can neither break nor fork. What is not returned was stale: the row has moved on.
--
-- The guard is the epoch, the worker and the status. A claim need not be durable, so after a server
-- crash another worker may claim the row at the same epoch. The status stands in a CASE so that the planner neither
-- matches the partial index on running jobs nor guesses how few they are: with statistics from a
-- moment when nothing ran it would else read the whole table for a batch, or that index for each
-- outcome, and 1,000 outcomes would take seconds (measured: up to 28) instead of 20 ms.
WITH outcome AS (
    SELECT *, status NOT IN ('pending', 'scheduled') AS is_final
    FROM unnest(
        %(ids)s::bigint[], %(epochs)s::int[], %(workers)s::bigint[], %(statuses)s::text[],
        %(began)s::float8[], %(ended)s::float8[],
        %(errors)s::text[], %(failures)s::text[], %(data)s::text[], %(results)s::text[],
        %(delays)s::float8[], %(due)s::timestamptz[], %(attempts_back)s::int[], %(interruptions)s::int[]
    ) AS o (
        id, epoch, worker_id, status, began, ended, error, failure, data, result,
        delay, due, attempts_back, interruptions
    )
),
recorded AS (
    UPDATE pgjobs_job AS job
    -- What would go back to its queue after somebody asked for its end is cancelled instead.
    SET status = CASE
            WHEN o.is_final OR job.cancel_requested IS NULL THEN o.status
            ELSE 'cancelled'
        END,
        started = CASE
            WHEN o.is_final OR job.cancel_requested IS NOT NULL
            THEN COALESCE(statement_timestamp() - make_interval(secs => o.began), job.started)
        END,
        completed = CASE
            WHEN o.is_final OR job.cancel_requested IS NOT NULL
            THEN statement_timestamp() - make_interval(secs => COALESCE(o.ended, 0))
        END,
        scheduled = COALESCE(
            o.due, statement_timestamp() + make_interval(secs => o.delay), job.scheduled
        ),
        -- A retry moves `scheduled`; what the recurrence counts from must not move with it.
        successor = CASE
            WHEN o.delay IS NULL AND o.due IS NULL
                OR job.successor ? 'scheduled'
                OR COALESCE(job.successor, jsonb_build_object('interval', job.interval)) ->> 'interval' IS NULL
            THEN job.successor
            ELSE COALESCE(job.successor, '{}') || jsonb_build_object(
                'scheduled',
                COALESCE(job.scheduled, job.started) + make_interval(
                    mins => (COALESCE(job.successor, jsonb_build_object('interval', job.interval)) ->> 'interval')::int
                )
            )
        END,
        attempt = job.attempt - COALESCE(o.attempts_back, 0),
        interruptions = job.interruptions + COALESCE(o.interruptions, 0),
        error = COALESCE(o.error, ''),
        data = COALESCE(o.data::jsonb, job.data),
        result = o.result::jsonb,
        errors = CASE
            WHEN o.failure IS NULL THEN job.errors
            ELSE job.errors || (
                o.failure::jsonb || jsonb_build_object(
                    'attempt', job.attempt,
                    'worker', job.worker_id,
                    'started',
                    COALESCE(statement_timestamp() - make_interval(secs => o.began), job.started),
                    'ended', statement_timestamp() - make_interval(secs => COALESCE(o.ended, 0))
                )
            )
        END
    FROM outcome AS o
    WHERE job.id = ANY (ARRAY[o.id])
        AND job.epoch = o.epoch
        AND (o.worker_id IS NULL OR job.worker_id = o.worker_id)
        AND CASE job.status WHEN 'running' THEN true ELSE false END
    RETURNING
        job.id,
        job.started,
        job.completed,
        job.status,
        -- Who asks for a running job's end says by `interval` whether the chain goes on.
        (job.status IN ('completed', 'errored', 'failed')
            OR job.status = 'cancelled' AND job.cancel_requested IS NOT NULL)
            AND (job.interval IS NOT NULL OR job.successor IS NOT NULL) AS recurs
),
chained AS (
    INSERT INTO pgjobs_job (
        status, scheduled,
        job_class, name, args, kwargs, object_type_id, object_id, user_id,
        queue_name, priority, once_key, interval, max_attempts, timeout, notifications, meta
    )
    SELECT
        'scheduled',
        -- From the scheduled time, so it does not drift; at least a minute ahead, so missed runs
        -- collapse into one.
        GREATEST(
            COALESCE(
                (job.successor ->> 'scheduled')::timestamptz,
                COALESCE(job.scheduled, recorded.started) + make_interval(mins => next.interval)
            ),
            statement_timestamp() + make_interval(mins => CASE WHEN next.interval > 0 THEN 1 ELSE 0 END)
        ),
        next.job_class, next.name, next.args, next.kwargs,
        next.object_type_id, next.object_id, next.user_id,
        next.queue_name, next.priority, next.once_key, next.interval,
        next.max_attempts, next.timeout, next.notifications, next.meta
    FROM recorded
    -- The row as it was before this statement; its rule has not changed.
    JOIN pgjobs_job AS job ON job.id = ANY (ARRAY[recorded.id])
    CROSS JOIN LATERAL jsonb_populate_record(job, COALESCE(job.successor, '{}')) AS next
    WHERE recorded.recurs
        AND (next.interval IS NOT NULL OR job.successor ? 'scheduled')
    -- Can't happen while the guard holds; if it ever did, the other outcomes must not pay for it.
    ON CONFLICT DO NOTHING
)
-- The moments cost more than all else in the answer, and are for those who hear of an end.
SELECT
    id,
    status,
    CASE WHEN %(moments)s THEN started END,
    CASE WHEN %(moments)s THEN completed END
FROM recorded
