-- Try to take the lock of a job that this process runs itself, and return whether it is taken. Any
-- session of the database may hold it, and waiting for it would stop the caller without a word.
--
-- If the session belongs to a pooler, no row comes back and no lock is tried. A pooler makes up the
-- process id that it gives to its clients, so the id that the client knows differs from the server's
-- own.
SELECT pg_try_advisory_lock({JOBS_HERE}, %(job)s)
FROM (SELECT pg_backend_pid() AS pid) AS server WHERE pid = %(client_pid)s
