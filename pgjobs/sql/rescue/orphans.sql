-- The running jobs that have no worker and that no process holds the lock of. A process inserts an
-- immediate job just before it takes the lock, so a job that has just started is left alone. A
-- start ahead of the clock is from before the clock was set back.
SELECT job.id, job.epoch
FROM pgjobs_job AS job
WHERE job.status = 'running'
    AND job.worker_id IS NULL
    AND job.id <> ALL (%(set_aside)s::bigint[])
    AND job.started NOT BETWEEN statement_timestamp() - interval '10 seconds'
        AND statement_timestamp() + interval '10 seconds'
    AND NOT EXISTS (
        SELECT
        FROM pg_locks AS held
        WHERE held.locktype = 'advisory'
            AND held.database = (SELECT oid FROM pg_database WHERE datname = current_database())
            AND held.classid = {JOBS_HERE}
            AND held.objid = (job.id %% 2147483648)::int
            AND held.objsubid = 2
            AND held.granted
    )
LIMIT %(limit)s
FOR NO KEY UPDATE OF job SKIP LOCKED
