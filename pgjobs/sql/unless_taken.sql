-- The part of insert.sql that returns no row if a live job holds the place. If the other job's
-- transaction is still open, the INSERT waits for its end. Only enqueue_once() has this part:
-- PostgreSQL writes each row twice where an INSERT has ON CONFLICT.
ON CONFLICT (once_key)
    WHERE once_key IS NOT NULL AND status IN ('pending', 'scheduled', 'running')
    DO NOTHING
