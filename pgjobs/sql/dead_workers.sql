-- Workers that look dead: their heartbeat is too old by the database's clock, or they should hold a
-- session lock and nobody does. Just after a server start all locks are gone and every worker is
-- busy reconnecting, so for a while only the heartbeat counts.
SELECT worker.id, worker.heartbeat < statement_timestamp() - make_interval(secs => %(timeout)s) AS is_silent
FROM pgjobs_worker AS worker
WHERE worker.stopped IS NULL
    AND (
        worker.heartbeat < statement_timestamp() - make_interval(secs => %(timeout)s)
        OR (
            worker.has_session_lock
            AND pg_postmaster_start_time() < statement_timestamp() - interval '10 seconds'
            AND NOT EXISTS (
                SELECT
                FROM pg_locks AS held
                WHERE held.locktype = 'advisory'
                    AND held.database = (SELECT oid FROM pg_database WHERE datname = current_database())
                    AND held.classid = %(lock)s
                    AND held.objid = worker.id::int
                    AND held.objsubid = 2
                    AND held.granted
            )
        )
    )
