-- The status of the job, and a sign that the caller lives.
WITH renewed AS (UPDATE pgjobs_waiter SET seen = statement_timestamp() WHERE id = %(waiter)s)
SELECT status FROM pgjobs_job WHERE id = %(job)s
