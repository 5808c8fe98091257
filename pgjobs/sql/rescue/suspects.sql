-- The workers that look dead: the heartbeat is too old by the database's clock, or the worker should
-- hold a session lock and no session holds it. The view knows both; the timeout is a setting of the
-- project.
--
-- If all workers lost their connections at once, a missing lock does not mean that a worker is dead:
-- it may still be reconnecting. But a worker that has sent a heartbeat since then is back, because it
-- takes its lock before it sends a heartbeat. `was_back` says so. Four events can break all
-- connections: the start of the server; its recovery after one of its processes crashed (this
-- discards the statistics); its promotion (it replays nothing afterwards); and the loss of this
-- worker's own connection, if this is not the first one.
SELECT
    seen.id,
    looks.silent,
    looks.unlocked,
    worker.heartbeat > GREATEST(
        pg_postmaster_start_time(),
        (SELECT stats_reset FROM pg_stat_bgwriter),
        pg_last_xact_replay_timestamp(),
        statement_timestamp() - make_interval(secs => %(reconnected_for)s)
    ) AS was_back
FROM pgjobs_workers AS seen
JOIN pgjobs_worker AS worker ON worker.id = seen.id
CROSS JOIN LATERAL (
    SELECT
        seen.silent_for > make_interval(secs => %(timeout)s) AS silent,
        worker.has_session_lock AND seen.backend_pid IS NULL AS unlocked
) AS looks
WHERE seen.stopped IS NULL AND (looks.silent OR looks.unlocked)
