-- The server's own process id. A pooler makes up the id that it gives to its clients.
SELECT pg_backend_pid()
