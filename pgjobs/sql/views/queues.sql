-- The view reads live jobs only, in one branch for each status, because each status has its own
-- partial index. So it costs as much as there are live jobs, however many finished jobs are kept.
-- `status IN (…)` would read the whole table.
CREATE VIEW pgjobs_queues AS
SELECT
    part.queue,
    sum(part.pending)::bigint AS pending,
    sum(part.scheduled)::bigint AS scheduled,
    sum(part.running)::bigint AS running,
    min(part.oldest) AS oldest_waiting,
    date_trunc('milliseconds', statement_timestamp() - min(part.oldest)) AS latency,
    sum(part.workers)::bigint AS workers,
    EXISTS (
        SELECT FROM pgjobs_pause AS pause WHERE pause.kind = 'queue' AND pause.name = part.queue
    ) AS paused
FROM (
    SELECT
        queue_name AS queue,
        count(*) AS pending,
        0 AS scheduled,
        0 AS running,
        min(COALESCE(scheduled, created)) AS oldest,
        0 AS workers
    FROM pgjobs_job
    WHERE status = 'pending'
    GROUP BY queue_name
    UNION ALL
    SELECT
        queue_name,
        0,
        count(*),
        0,
        min(scheduled) FILTER (WHERE scheduled <= statement_timestamp()),
        0
    FROM pgjobs_job
    WHERE status = 'scheduled'
    GROUP BY queue_name
    UNION ALL
    SELECT queue_name, 0, 0, count(*), NULL, 0
    FROM pgjobs_job
    WHERE status = 'running'
    GROUP BY queue_name
    UNION ALL
    SELECT unnest(queues), 0, 0, 0, NULL, 1
    FROM pgjobs_workers
    WHERE alive AND stopped IS NULL
) AS part
GROUP BY part.queue;

COMMENT ON VIEW pgjobs_queues IS
    'Queues that have live jobs or a worker: their live jobs by status, and how long the oldest due job has been waiting. The view does not read finished jobs, so it stays cheap.';
COMMENT ON COLUMN pgjobs_queues.scheduled IS 'Jobs that are not due yet, or that have just become due.';
COMMENT ON COLUMN pgjobs_queues.oldest_waiting IS 'The moment since which the oldest due job has been waiting.';
COMMENT ON COLUMN pgjobs_queues.latency IS 'How long the oldest due job has been waiting; NULL if no due job waits.';
COMMENT ON COLUMN pgjobs_queues.workers IS 'Living workers that serve the queue. With 0 its jobs wait for ever.';
COMMENT ON COLUMN pgjobs_queues.paused IS 'Whether the queue is paused: no worker claims from it until it is resumed.';
