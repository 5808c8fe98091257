-- The same lock for as long as a transaction lasts: a pooler lends the session to no other client
-- before the transaction ends.
SELECT pg_try_advisory_xact_lock({JOBS_HERE}, %(job)s)
