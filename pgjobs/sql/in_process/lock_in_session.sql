-- Take the lock of a job that this process runs itself, unless the session belongs to a pooler: then
-- no row comes back and no lock is taken. A pooler makes up the process id that it gives to its
-- clients, so the id that the client knows differs from the server's own.
SELECT pg_advisory_lock({HERE_LOCK}, %(job)s)
FROM (SELECT pg_backend_pid() AS pid) AS server WHERE pid = %(client_pid)s
