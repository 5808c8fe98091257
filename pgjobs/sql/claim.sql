-- Take up to `limit` ready jobs for one worker, the lanes in strict order.
--
-- A lane is a queue and a priority; its floor is a hint where its first ready job stands, without
-- which each claim would walk the index entries of all jobs claimed since the oldest snapshot began.
-- ORDER BY over WITH ORDINALITY needs no Sort node, so the outer LIMIT stops the LATERAL as soon as
-- it has enough and only claimed rows get locked. MATERIALIZED keeps the planner from running the
-- limited subquery again and claiming more than was asked for.
-- = ANY (ARRAY[…]) is = that PostgreSQL can't merge: else the planner may read the whole primary key
-- to join it with the batch, which it does where it takes the table for empty, as after an ANALYZE
-- during the transaction that fills it (measured: one claim of 1,000 from 150,000 took a minute).
-- NO KEY: a log line's foreign key check must not wait for us, nor make us skip its job.
-- A worker that was taken for dead gets nothing: nobody would rescue the jobs of an ended row. KEY
-- SHARE keeps its rescuer out until we have committed, and does not disturb its heartbeat.
WITH alive AS MATERIALIZED (
    SELECT id FROM pgjobs_worker WHERE id = %(worker)s AND stopped IS NULL FOR KEY SHARE
),
due AS MATERIALIZED (
    SELECT ready.id, lane.rank
    FROM unnest(%(queues)s::text[], %(priorities)s::smallint[], %(floors)s::bigint[])
        WITH ORDINALITY AS lane (queue, priority, floor, rank)
    CROSS JOIN LATERAL (
        SELECT id
        FROM pgjobs_job
        WHERE status = 'pending'
            AND queue_name = lane.queue
            AND priority = lane.priority
            AND position >= lane.floor
            AND job_class <> ALL (%(paused)s::text[])
        ORDER BY position
        LIMIT %(limit)s
        FOR NO KEY UPDATE SKIP LOCKED
    ) AS ready
    WHERE EXISTS (SELECT FROM alive)
    ORDER BY lane.rank
    LIMIT %(limit)s
)
UPDATE pgjobs_job AS job
SET status = 'running',
    epoch = job.epoch + 1,
    attempt = job.attempt + 1,
    worker_id = %(worker)s,
    started = statement_timestamp()
FROM due
WHERE job.id = ANY (ARRAY[due.id])
RETURNING
    due.rank,
    job.id, job.job_class, job.name, job.queue_name, job.priority, job.position,
    NULLIF(job.args, '[]') AS args,
    NULLIF(job.kwargs, '{}') AS kwargs,
    job.object_type_id, job.object_id, job.user_id,
    job.created, job.scheduled, job.interval, job.started,
    job.epoch, job.attempt, job.max_attempts, job.interruptions, job.timeout,
    job.worker_id, job.data, job.notifications, job.meta
