-- The worker processes and whether they live.
-- Just after a server start all locks are gone while every worker reconnects, so for 10 seconds only
-- the heartbeat counts. A standby knows no locks of its primary, so there it counts alone.
CREATE VIEW pgjobs_workers AS
SELECT
    worker.id,
    worker.name,
    said.state,
    said.state IN ('alive', 'draining', 'restarting') AS alive,
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
    held.pid AS backend_pid,
    asked.kind AS ordered,
    asked.given AS ordered_at,
    facts.code_version,
    facts.pgjobs_version,
    facts.memory
FROM pgjobs_worker AS worker
LEFT JOIN pgjobs_order AS asked ON asked.worker_id = worker.id
LEFT JOIN pgjobs_worker_facts AS facts ON facts.worker_id = worker.id
LEFT JOIN pg_locks AS held
    ON worker.stopped IS NULL
    AND held.locktype = 'advisory'
    AND held.database = (SELECT oid FROM pg_database WHERE datname = current_database())
    AND held.classid = {WORKERS}
    AND held.objid::bigint = worker.id
    AND held.objsubid = 2
    AND held.granted
    AND held.mode = 'ExclusiveLock'
CROSS JOIN LATERAL (
    SELECT
        CASE
            WHEN worker.stopped IS NULL THEN statement_timestamp() - worker.heartbeat
        END AS silent_for,
        worker.stopped IS NULL
            AND worker.has_session_lock
            AND held.pid IS NULL
            AND NOT pg_is_in_recovery()
            AND pg_postmaster_start_time() < statement_timestamp() - interval '10 seconds' AS lost_lock
) AS seen
CROSS JOIN LATERAL (
    SELECT
        CASE
            WHEN worker.stopped IS NOT NULL THEN 'stopped'
            WHEN seen.lost_lock THEN 'dead'
            WHEN seen.silent_for > interval '15 seconds' THEN 'silent'
            WHEN worker.draining AND asked.kind = 'restart' THEN 'restarting'
            WHEN worker.draining THEN 'draining'
            ELSE 'alive'
        END AS state
) AS said;

COMMENT ON VIEW pgjobs_workers IS
    'Worker processes: whether each lives, which queues it serves, and how many jobs it has claimed.';
COMMENT ON COLUMN pgjobs_workers.state IS
    'alive; draining: the worker claims no more and lets its jobs end; restarting: the same, and a new process will take its place; silent: no heartbeat for 15 seconds; dead: its session lock is gone, and so is its process or its connection; stopped: the worker signed off, or a rescuer ended it';
COMMENT ON COLUMN pgjobs_workers.alive IS 'Whether the state is alive, draining or restarting, so that its jobs go on.';
COMMENT ON COLUMN pgjobs_workers.running IS 'Jobs that the worker has claimed: running jobs and jobs that wait for a slot.';
COMMENT ON COLUMN pgjobs_workers.silent_for IS 'Age of the last heartbeat; NULL once stopped.';
COMMENT ON COLUMN pgjobs_workers.lost_lock IS
    'Whether the worker should hold a session lock and no session holds it. Always false within 10 seconds of a server start, and on a standby.';
COMMENT ON COLUMN pgjobs_workers.pid IS 'Process id on the worker''s own host.';
COMMENT ON COLUMN pgjobs_workers.backend_pid IS
    'Server process of the connection that holds the session lock of the worker: pid in pg_stat_activity.';
COMMENT ON COLUMN pgjobs_workers.ordered IS
    'drain or restart, if an operator has ordered it. The worker obeys with its next heartbeat; one of an older release does not.';
COMMENT ON COLUMN pgjobs_workers.ordered_at IS 'The moment of this order.';
COMMENT ON COLUMN pgjobs_workers.code_version IS
    'The version of the project''s code, from PGJOBS["CODE_VERSION"] of the worker; empty if it is not set, NULL if the worker has not told it.';
COMMENT ON COLUMN pgjobs_workers.pgjobs_version IS 'The version of pgjobs that the worker runs.';
COMMENT ON COLUMN pgjobs_workers.memory IS
    'Resident memory of the worker''s process in MiB, told every half minute, without the processes of isolated jobs.';
