-- The session lock on a new connection. False while the server still thinks that the lost connection
-- holds the lock.
SELECT pg_try_advisory_lock({WORKERS}, %(id)s::bigint::int)
