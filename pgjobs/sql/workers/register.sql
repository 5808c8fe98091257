-- The row of a worker that starts. The statement that makes the row also takes the session lock: no
-- other worker sees the row without the lock, so none takes a worker that just started for dead. Any
-- session of the database may hold the lock of any id. Waiting for it would stop this worker without a
-- word, so the answer says whether the lock is taken.
INSERT INTO pgjobs_worker (name, hostname, pid, queues, concurrency, has_session_lock)
VALUES (%(name)s, %(hostname)s, %(pid)s, %(queues)s, %(concurrency)s, %(has_session)s)
RETURNING id, NOT has_session_lock OR pg_try_advisory_lock({WORKERS}, id::int)
