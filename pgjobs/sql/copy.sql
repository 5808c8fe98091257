-- Enqueue jobs in bulk. `position` comes from its default, so the jobs stand in their lane in the
-- order in which they are written.
COPY pgjobs_job (
    id, status, scheduled, job_class, name, object_type_id, object_id, user_id,
    queue_name, priority, interval, max_attempts, timeout, notifications, args, kwargs, meta
)
FROM STDIN
