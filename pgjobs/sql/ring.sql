-- Wake up to `workers` idle workers that serve one of the queues, each on a channel of its own.
-- A NOTIFY inside the enqueuing transaction would take a lock that all commits share.
WITH woken AS (
    DELETE FROM pgjobs_doorbell
    WHERE worker_id IN (
        SELECT worker_id
        FROM pgjobs_doorbell
        WHERE queues && %(queues)s::text[]
        ORDER BY since
        LIMIT %(workers)s
        FOR UPDATE SKIP LOCKED
    )
    RETURNING worker_id
)
SELECT pg_notify('pgjobs_' || worker_id, '') FROM woken
