-- The worker processes and whether they live. The janitor reads its suspects from this view too. Just
-- after a server start all locks are gone and every worker is busy reconnecting, so for ten seconds
-- only the heartbeat counts.
CREATE VIEW pgjobs_workers AS
SELECT
    worker.id,
    worker.name,
    said.state,
    said.state IN ('alive', 'draining') AS alive,
    worker.queues,
    (
        SELECT count(*) FROM pgjobs_job AS job WHERE job.worker_id = worker.id AND job.status = 'running'
    ) AS running,
    worker.concurrency AS slots,
    date_trunc('milliseconds', seen.silent_for) AS silent_for,
    seen.lost_lock,
    worker.started,
    date_trunc('second', COALESCE(worker.stopped, statement_timestamp()) - worker.started) AS uptime,
    worker.stopped,
    worker.hostname,
    worker.pid,
    held.pid AS backend_pid
FROM pgjobs_worker AS worker
LEFT JOIN pg_locks AS held
    ON worker.stopped IS NULL
    AND held.locktype = 'advisory'
    AND held.database = (SELECT oid FROM pg_database WHERE datname = current_database())
    AND held.classid = {WORKER_LOCK}
    AND held.objid::bigint = worker.id
    AND held.objsubid = 2
    AND held.granted
CROSS JOIN LATERAL (
    SELECT
        CASE
            WHEN worker.stopped IS NULL THEN statement_timestamp() - worker.heartbeat
        END AS silent_for,
        worker.stopped IS NULL
            AND worker.has_session_lock
            AND held.pid IS NULL
            AND pg_postmaster_start_time() < statement_timestamp() - interval '10 seconds' AS lost_lock
) AS seen
CROSS JOIN LATERAL (
    SELECT
        CASE
            WHEN worker.stopped IS NOT NULL THEN 'stopped'
            WHEN seen.lost_lock THEN 'dead'
            WHEN seen.silent_for > interval '15 seconds' THEN 'silent'
            WHEN worker.draining THEN 'draining'
            ELSE 'alive'
        END AS state
) AS said;

COMMENT ON VIEW pgjobs_workers IS
    'Worker processes: whether each lives, what it serves, and how many jobs it has in hand.';
COMMENT ON COLUMN pgjobs_workers.state IS
    'alive; draining: stops claiming, its jobs end; silent: no heartbeat for 15 seconds; dead: its session lock is gone, so its process or connection is; stopped: signed off, or ended by a rescuer';
COMMENT ON COLUMN pgjobs_workers.alive IS 'Whether its jobs run on: alive or draining.';
COMMENT ON COLUMN pgjobs_workers.running IS 'Jobs in hand: those that run, and those claimed ahead.';
COMMENT ON COLUMN pgjobs_workers.silent_for IS 'Age of the last heartbeat; NULL once stopped.';
COMMENT ON COLUMN pgjobs_workers.lost_lock IS
    'It should hold a session lock and nobody does. Within 10 seconds of a server start, false.';
COMMENT ON COLUMN pgjobs_workers.pid IS 'Process id on its own host.';
COMMENT ON COLUMN pgjobs_workers.backend_pid IS
    'Server process of the connection that holds its session lock: pid in pg_stat_activity.';
