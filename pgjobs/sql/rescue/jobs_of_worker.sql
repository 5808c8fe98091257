-- The jobs of a dead worker, in the order in which they should start again. If another
-- transaction holds the row of a job, the job is left for the next turn: waiting for the row would
-- stop our own heartbeat. `set_aside` are jobs whose rows have refused to be taken back a moment ago.
SELECT id, epoch, interruptions, job_class, queue_name
FROM pgjobs_job
WHERE worker_id = %(id)s AND status = 'running' AND id <> ALL (%(set_aside)s::bigint[])
ORDER BY position
LIMIT %(limit)s
FOR NO KEY UPDATE SKIP LOCKED
