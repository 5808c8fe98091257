-- The row of a worker that starts. The statement that makes the row also takes the session lock: no
-- other worker sees the row without the lock, so none takes a worker that just started for dead.
INSERT INTO pgjobs_worker (name, hostname, pid, queues, concurrency, has_session_lock)
VALUES (%(name)s, %(hostname)s, %(pid)s, %(queues)s, %(concurrency)s, %(has_session)s)
RETURNING id, CASE WHEN has_session_lock THEN pg_advisory_lock({WORKER_LOCK}, id::int) END
