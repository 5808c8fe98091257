-- Workers that look dead: their heartbeat is too old by the database's clock, or they should hold a
-- session lock and nobody does. The view knows of both; the timeout is this project's own.
--
-- After a loss of connections that struck everybody, a missing lock says nothing of a worker that is
-- still on its way back. But one that has beaten since then has had its lock since then: it took it
-- before it beat. Of such losses we know the start of the server, its recovery in place after one of
-- its processes crashed (which discards the statistics), its promotion (nothing is replayed after
-- that), and that of our own connection, if it is not our first.
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
