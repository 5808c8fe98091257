-- If a process runs a job itself, outside any worker, it holds a lock with the id of the job. A standby
-- knows no locks of its primary.
CREATE VIEW pgjobs_running AS
SELECT
    job.id,
    job.name,
    job.object,
    job.queue,
    job.started,
    job.duration AS running_for,
    job.timeout,
    job.attempt,
    job.max_attempts,
    job.progress_percent,
    job.progress_message,
    job.cancel_requested,
    CASE
        WHEN job.worker_id IS NOT NULL THEN COALESCE(worker.alive, false)
        WHEN NOT pg_is_in_recovery() THEN here.pid IS NOT NULL
    END AS alive,
    job.worker_id,
    worker.name AS worker,
    worker.state AS worker_state,
    job.job_class
FROM pgjobs_jobs AS job
LEFT JOIN pgjobs_workers AS worker ON worker.id = job.worker_id
LEFT JOIN pg_locks AS here
    ON job.worker_id IS NULL
    AND here.locktype = 'advisory'
    AND here.database = (SELECT oid FROM pg_database WHERE datname = current_database())
    AND here.classid = {HERE_LOCK}
    AND here.objid::bigint = job.id % 2147483648
    AND here.objsubid = 2
    AND here.granted
    AND here.mode = 'ExclusiveLock'
WHERE job.status = 'running';

COMMENT ON VIEW pgjobs_running IS
    'Running jobs: how long each has been running, how far it has come, and whether its worker, or the process that runs it itself, lives.';
COMMENT ON COLUMN pgjobs_running.running_for IS 'The time since its start; while it waits for a slot, the time since its claim.';
COMMENT ON COLUMN pgjobs_running.alive IS
    'Whether the process that runs the job lives. If the process died, any other worker rescues the job within seconds. NULL on a standby for a job outside any worker.';
COMMENT ON COLUMN pgjobs_running.worker IS 'NULL for a job that runs outside any worker.';
