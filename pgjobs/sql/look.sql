-- Where the first ready job of each lane is, in the order of the queues. The query hops from lane to
-- lane (a loose index scan), so it reads a few index entries for each lane. A last row has the seconds
-- until the next scheduled job is due.
--
-- The query reads only, and the floors are computed anew. So a job below its floor is found: a job
-- that committed late, that was released, or that was locked when a claim passed it.
--
-- `stuck` are rows that PostgreSQL refuses to claim and to end: they are not ready.
--
-- Paused queues and classes count as empty. The last row names them for the claims that follow.
WITH RECURSIVE paused AS MATERIALIZED (
    SELECT
        COALESCE(array_agg(name::text) FILTER (WHERE kind = 'queue'), '{}') AS queues,
        COALESCE(array_agg(name::text) FILTER (WHERE kind = 'job_class'), '{}') AS classes
    FROM pgjobs_pause
),
lane AS (
    SELECT queue.name AS queue, queue.rank, first.priority, first.position
    FROM unnest(%(queues)s::text[]) WITH ORDINALITY AS queue (name, rank)
    CROSS JOIN LATERAL (
        SELECT priority, position
        FROM pgjobs_job
        WHERE status = 'pending'
            AND queue_name = queue.name
            AND job_class <> ALL ((SELECT classes FROM paused)::text[])
            AND id <> ALL (%(stuck)s::bigint[])
        ORDER BY priority DESC, position
        LIMIT 1
    ) AS first
    WHERE queue.name <> ALL ((SELECT queues FROM paused)::text[])
    UNION ALL
    SELECT lane.queue, lane.rank, next.priority, next.position
    FROM lane
    CROSS JOIN LATERAL (
        SELECT priority, position
        FROM pgjobs_job
        WHERE status = 'pending'
            AND queue_name = lane.queue
            AND priority < lane.priority
            AND job_class <> ALL ((SELECT classes FROM paused)::text[])
            AND id <> ALL (%(stuck)s::bigint[])
        ORDER BY priority DESC, position
        LIMIT 1
    ) AS next
)
SELECT
    queue, priority, position, NULL::float8 AS due_in, NULL::text[] AS queues, NULL::text[] AS classes
FROM lane
UNION ALL
SELECT NULL, NULL, NULL, (
    -- Subtracted as numbers: PostgreSQL before 17 can't subtract from infinity.
    SELECT extract(epoch FROM scheduled)::float8 - extract(epoch FROM statement_timestamp())::float8
    FROM pgjobs_job
    WHERE status = 'scheduled' AND id <> ALL (%(stuck)s::bigint[])
    ORDER BY scheduled
    LIMIT 1
), queues, classes
FROM paused
