-- Hold the rows of jobs that a worker holds but does not know, as far as no other transaction does.
SELECT id, epoch, interruptions, job_class, queue_name
FROM pgjobs_job
WHERE id = ANY (%(ids)s) AND worker_id = %(id)s AND status = 'running'
FOR NO KEY UPDATE SKIP LOCKED
