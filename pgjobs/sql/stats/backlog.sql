-- The live jobs of each queue, for metrics that are read every few seconds. The view pgjobs_queues counts
-- all jobs, and takes seconds for millions of them. Here at most `most` jobs of each lane are counted.
-- A longer lane is estimated by its positions: it goes on as dense as it begins.
--
-- {counts} leaves out jobs of some classes. It is empty if there are none: with it the counts read rows, and
-- without it the index alone.
--
-- The first job of a lane has waited longest, because a job that becomes pending goes to the end of its
-- lane. Two loose index scans find these jobs: over the queues, and over the lanes of each.
WITH RECURSIVE queue AS (
    (SELECT queue_name FROM pgjobs_job WHERE status = 'pending'{counts} ORDER BY queue_name LIMIT 1)
    UNION ALL
    SELECT next.queue_name
    FROM queue
    CROSS JOIN LATERAL (
        SELECT queue_name
        FROM pgjobs_job
        WHERE status = 'pending'{counts} AND queue_name > queue.queue_name
        ORDER BY queue_name
        LIMIT 1
    ) AS next
),
lane AS (
    SELECT named.queue_name, first.priority, first.position, first.since
    FROM (SELECT queue_name FROM queue LIMIT 1000) AS named
    CROSS JOIN LATERAL (
        SELECT priority, position, COALESCE(scheduled, created) AS since
        FROM pgjobs_job
        WHERE status = 'pending'{counts} AND queue_name = named.queue_name
        ORDER BY priority DESC, position
        LIMIT 1
    ) AS first
    UNION ALL
    SELECT lane.queue_name, next.priority, next.position, next.since
    FROM lane
    CROSS JOIN LATERAL (
        SELECT priority, position, COALESCE(scheduled, created) AS since
        FROM pgjobs_job
        WHERE status = 'pending'{counts} AND queue_name = lane.queue_name AND priority < lane.priority
        ORDER BY priority DESC, position
        LIMIT 1
    ) AS next
),
pending AS (
    SELECT
        lane.queue_name,
        CASE
            -- Rows by hand may share one position.
            WHEN begin.jobs < %(most)s OR begin.position = lane.position THEN begin.jobs
            ELSE round(
                1 + (begin.jobs - 1) * (last.position - lane.position)::float8 / (begin.position - lane.position)
            )
        END AS jobs,
        lane.since
    FROM (SELECT * FROM lane LIMIT 1000) AS lane
    CROSS JOIN LATERAL (
        SELECT count(*) AS jobs, max(position) AS position
        FROM (
            SELECT position
            FROM pgjobs_job
            WHERE status = 'pending'{counts} AND queue_name = lane.queue_name AND priority = lane.priority
            ORDER BY position
            LIMIT %(most)s
        ) AS first
    ) AS begin
    CROSS JOIN LATERAL (
        SELECT position
        FROM pgjobs_job
        WHERE status = 'pending'{counts} AND queue_name = lane.queue_name AND priority = lane.priority
        ORDER BY position DESC
        LIMIT 1
    ) AS last
)
SELECT
    part.queue,
    sum(part.pending)::bigint AS pending,
    sum(part.scheduled)::bigint AS scheduled,
    sum(part.running)::bigint AS running,
    GREATEST(statement_timestamp() - min(part.since), interval '0') AS oldest_wait
FROM (
    SELECT queue_name AS queue, jobs AS pending, 0 AS scheduled, 0 AS running, since
    FROM pending
    UNION ALL
    SELECT queue_name, 0, count(*), 0, min(scheduled) FILTER (WHERE scheduled <= statement_timestamp())
    FROM (
        SELECT queue_name, scheduled FROM pgjobs_job WHERE status = 'scheduled'{counts} ORDER BY scheduled LIMIT %(most)s
    ) AS later
    GROUP BY queue_name
    UNION ALL
    SELECT queue_name, 0, 0, count(*), NULL
    FROM (SELECT queue_name FROM pgjobs_job WHERE status = 'running'{counts} LIMIT %(most)s) AS now
    GROUP BY queue_name
) AS part
GROUP BY part.queue
ORDER BY part.queue
