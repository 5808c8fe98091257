-- Insert one new job. The answer says whether the enqueuer must ring after its commit: see
-- functions/must_ring.sql. {unless} is unless_taken.sql for enqueue_once(), and empty for enqueue(). If
-- the job has a user, user.sql stands in place of the user's key.
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
RETURNING id, position, created, pgjobs_must_ring(queue_name), user_id
