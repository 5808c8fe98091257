-- Enqueue a job of a bulk where copy.sql is refused: PostgreSQL lets no role COPY into a table whose row
-- policies hold for the role.
INSERT INTO pgjobs_job (
    id, status, scheduled, job_class, name, object_type_id, object_id, user_id,
    queue_name, priority, interval, max_attempts, timeout, notifications, args, kwargs, meta
)
VALUES (
    %(id)s, %(status)s, %(scheduled)s, %(job_class)s, %(name)s, %(object_type_id)s, %(object_id)s, %(user_id)s,
    %(queue_name)s, %(priority)s, %(interval)s, %(max_attempts)s, %(timeout)s, %(notifications)s,
    %(args)s, %(kwargs)s, %(meta)s
)
