-- Workers that look dead: their heartbeat is too old by the database's clock, or they should hold a
-- session lock and nobody does. The view knows of both; the timeout is this project's own.
SELECT id, silent_for > make_interval(secs => %(timeout)s) AS is_silent
FROM pgjobs_workers
WHERE stopped IS NULL AND (silent_for > make_interval(secs => %(timeout)s) OR lost_lock)
