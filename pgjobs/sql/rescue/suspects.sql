-- The workers that look dead: the heartbeat is too old by the database's clock, or the worker should
-- hold a session lock and no session holds it. The timeout is a setting of the project.
--
-- A heartbeat ahead of the clock is from before the clock was set back. A living worker sends another one
-- soon.
--
-- The statement reads the locks once and looks up each worker in a hash table (NOT IN). A join would
-- compare each worker with each lock, because the engine's sessions forbid hash joins.
--
-- If all workers lost their connections at once, a missing lock does not mean that a worker is dead:
-- it may still be reconnecting. But a worker that has sent a heartbeat since then is back, because it
-- takes its lock before it sends a heartbeat. `was_back` says so. Four events can break all
-- connections: the start of the server; its recovery after one of its processes crashed (this
-- discards the statistics); its promotion (it replays nothing afterwards); and the loss of this
-- worker's own connection, if this is not the first one.
WITH held AS MATERIALIZED (
    SELECT objid::bigint AS id
    FROM pg_locks
    WHERE locktype = 'advisory'
        AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
        AND classid = {WORKERS}
        AND objsubid = 2
        AND granted
)
SELECT
    worker.id,
    looks.silent,
    looks.unlocked,
    worker.heartbeat > GREATEST(
        pg_postmaster_start_time(),
        (SELECT stats_reset FROM pg_stat_bgwriter),
        pg_last_xact_replay_timestamp(),
        statement_timestamp() - make_interval(secs => %(reconnected_for)s)
    ) AS was_back,
    looks.ahead
FROM pgjobs_worker AS worker
CROSS JOIN LATERAL (
    SELECT
        statement_timestamp() - worker.heartbeat > make_interval(secs => %(timeout)s) AS silent,
        worker.heartbeat - statement_timestamp() > make_interval(secs => %(timeout)s) AS ahead,
        worker.has_session_lock AND worker.id NOT IN (SELECT id FROM held) AS unlocked
) AS looks
WHERE worker.stopped IS NULL AND (looks.silent OR looks.unlocked OR looks.ahead)
