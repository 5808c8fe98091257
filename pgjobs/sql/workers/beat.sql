-- The heartbeat. It returns no row if a rescuer has ended the worker.
UPDATE pgjobs_worker
SET heartbeat = statement_timestamp(), draining = %(draining)s
WHERE id = %(id)s AND stopped IS NULL
RETURNING id
