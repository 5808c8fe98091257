-- Where each lane's first ready job stands, in the order of the queues, by hopping from lane to lane
-- (a loose index scan), and in a last row the seconds until the next scheduled job is due.
-- Read-only: floors are recomputed from what is there, so a job that committed late, was released,
-- or was locked when passed is found again.
-- What is paused counts as absent, and the last row names it for the claims to come.
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
        ORDER BY priority DESC, position
        LIMIT 1
    ) AS next
)
SELECT
    queue, priority, position, NULL::float8 AS due_in, NULL::text[] AS queues, NULL::text[] AS classes
FROM lane
UNION ALL
SELECT NULL, NULL, NULL, (
    SELECT extract(epoch FROM scheduled - statement_timestamp())
    FROM pgjobs_job
    WHERE status = 'scheduled'
    ORDER BY scheduled
    LIMIT 1
), queues, classes
FROM paused
