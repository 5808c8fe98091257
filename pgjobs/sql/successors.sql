-- Insert the successors of the recurring jobs that the part `recorded` of the statement has ended, in
-- record.sql and in apart/end_waiting.sql. `recorded` has the columns `recurring`, the whole ended row, or
-- NULL if the job has no successor; and `without_user`, whether the successor shall have no user.
INSERT INTO pgjobs_job (
    status, scheduled,
    job_class, name, args, kwargs, object_type_id, object_id, user_id,
    queue_name, priority, once_key, interval, max_attempts, timeout, notifications, meta
)
SELECT
    'scheduled',
    -- Counted from the scheduled moment, so that the chain does not drift; at least a minute
    -- ahead, so that missed runs collapse into one.
    GREATEST(
        CASE
            WHEN next.successor ? 'scheduled' THEN next.scheduled
            ELSE COALESCE(next.scheduled, next.started) + make_interval(mins => next.interval)
        END,
        statement_timestamp() + make_interval(mins => CASE WHEN next.interval > 0 THEN 1 ELSE 0 END)
    ),
    next.job_class, next.name, next.args, next.kwargs,
    next.object_type_id, next.object_id, CASE WHEN without_user IS NOT TRUE THEN next.user_id END,
    next.queue_name, next.priority, next.once_key, next.interval,
    next.max_attempts, next.timeout, next.notifications, next.meta
FROM recorded
-- The ended row with the columns that its successor shall have instead.
CROSS JOIN LATERAL jsonb_populate_record(
    recorded.recurring, COALESCE((recorded.recurring).successor, '{}')
) AS next
WHERE (recorded.recurring).id IS NOT NULL
    AND (next.interval IS NOT NULL OR next.successor ? 'scheduled')
-- The guard excludes a conflict. Without this clause, one unforeseen conflict would undo the
-- whole batch.
ON CONFLICT DO NOTHING
