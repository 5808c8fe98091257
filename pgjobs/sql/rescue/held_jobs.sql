-- The jobs that a worker holds, as the rows say. They are compared with the jobs that the worker
-- knows in Python: with thousands on either side SQL would compare each with each.
SELECT id, epoch FROM pgjobs_job WHERE worker_id = %(id)s AND status = 'running'
