-- A caller that waits for the end of a job. Rows of callers that died go by their age: a living one renews its
-- row with each slow look. Return its channel too, see functions/tell_waiters.sql, and the server's process: a
-- pooler gives its clients another process id, and lends them no session to listen in.
WITH gone AS (DELETE FROM pgjobs_waiter WHERE seen < statement_timestamp() - interval '1 minute')
INSERT INTO pgjobs_waiter (job_id) VALUES (%(job)s)
RETURNING id, concat_ws('_', 'pgjobs_waiter', {SCHEMA}, id), pg_backend_pid()
