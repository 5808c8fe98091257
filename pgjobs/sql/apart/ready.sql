-- The ids of the jobs that a claim would take, in its order; see claim.sql. After a claim that one row
-- has refused, the jobs are claimed one by one, and so the row that refuses is known.
SELECT ready.id
FROM unnest(%(queues)s::text[], %(priorities)s::smallint[], %(floors)s::bigint[])
    WITH ORDINALITY AS lane (queue, priority, floor, rank)
CROSS JOIN LATERAL (
    SELECT id, position
    FROM pgjobs_job
    WHERE status = 'pending'
        AND queue_name = lane.queue
        AND priority = lane.priority
        AND position >= lane.floor
        AND job_class <> ALL (%(paused)s::text[])
        AND id <> ALL (%(set_aside)s::bigint[])
    ORDER BY position
    LIMIT %(limit)s
) AS ready
ORDER BY lane.rank, ready.position
LIMIT %(limit)s
