-- One new job, and whether its transaction must ring once it has committed: see doorbell.py.
-- `unless` a place of enqueue_once() is taken: only there, since ON CONFLICT writes each row twice.
INSERT INTO pgjobs_job (
    status, scheduled, job_class, name, args, kwargs, object_type_id, object_id, user_id,
    queue_name, priority, once_key, interval, max_attempts, timeout, notifications, meta
)
VALUES (
    %(status)s, %(scheduled)s, %(job_class)s, %(name)s, %(args)s::jsonb, %(kwargs)s::jsonb,
    %(object_type_id)s, %(object_id)s, %(user_id)s,
    %(queue_name)s, %(priority)s, %(once_key)s, %(interval)s, %(max_attempts)s, %(timeout)s,
    %(notifications)s, %(meta)s::jsonb
)
{unless}
RETURNING id, position, created, pgjobs_must_ring(queue_name)
