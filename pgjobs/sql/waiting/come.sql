-- A caller that waits for the end of a job. Rows of callers that died go by their age: a living one renews its
-- row with each slow look.
WITH gone AS (DELETE FROM pgjobs_waiter WHERE seen < statement_timestamp() - interval '1 minute')
INSERT INTO pgjobs_waiter (job_id) VALUES (%(job)s)
RETURNING id
