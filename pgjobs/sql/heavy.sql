-- Read what the claim of a heavy job left in the row, for the slot that starts the job. No row comes
-- back if the row has moved on. A cast to text would double the server's time: Django's connections
-- give JSON as text anyway.
SELECT args, kwargs, data, meta
FROM pgjobs_job
WHERE id = %(id)s AND epoch = %(epoch)s AND status = 'running'
