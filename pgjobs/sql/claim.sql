-- Take up to `limit` ready jobs for one worker, the lanes in strict order.
--
-- `alive`: a worker that counts as dead claims nothing, because its row has been ended and no rescuer
-- would look for its jobs again. KEY SHARE makes a rescuer wait until the claim has committed, but
-- does not make the worker's heartbeat wait.
--
-- `chosen`: a lane is a queue and a priority. Its floor is a hint where its first ready job is. Without
-- the floor, each claim would walk the index entries of all jobs that were claimed since the oldest
-- snapshot of the database began. ORDER BY a rank WITH ORDINALITY needs no Sort node, so the outer
-- LIMIT ends the LATERAL as soon as it has enough jobs, and only claimed rows get locked.
-- MATERIALIZED keeps the planner from running the limited subquery a second time and claiming more
-- than `limit` jobs. NO KEY: the foreign key check of a new log line neither waits for the claim nor
-- makes it skip the line's job.
--
-- = ANY (ARRAY[…]) is an = that PostgreSQL can't use for a merge join. With a plain = the planner may
-- read the whole primary key to join it with the batch. It does so if its statistics say that the
-- table is empty, as after an ANALYZE during the transaction that fills the table. One claim of 1,000
-- from 150,000 jobs took a minute then.
--
-- {stretches} are the parts of a lane in which the claim looks for jobs, in this order: those of
-- claim_in_blocks.sql, or the whole lane (claim_in_order.sql).
--
-- `set_aside` are rows that refused a claim a moment ago. {only} names one row for a claim that tries
-- row by row, and is empty otherwise.
--
-- A trigger of the project that returns OLD keeps the row as it is, but RETURNING tells of it all the same:
-- its `rank` is NULL, and the worker does not start such a job.
--
-- Most jobs have no arguments, and reading JSON costs the worker time. So empty arguments are NULL.
--
-- `is_heavy`: a thousand jobs of 5 MB would take more memory than the worker has, so the columns of any
-- length stay behind if they are more than `heavy` bytes together. The slot reads them. The sizes stand
-- in the row, and reading them fetches no value. A compressed value can be a hundred times as long as
-- it is stored, so its text is measured, but only if the stored bytes are few.
WITH alive AS MATERIALIZED (
    SELECT id FROM pgjobs_worker WHERE id = %(worker)s AND stopped IS NULL FOR KEY SHARE
),
chosen AS MATERIALIZED (
    SELECT ready.id, ready.is_heavy, lane.rank, stretch.passed
    FROM unnest(%(queues)s::text[], %(priorities)s::smallint[], %(floors)s::bigint[])
        WITH ORDINALITY AS lane (queue, priority, floor, rank)
    {stretches}
    CROSS JOIN LATERAL (
        SELECT
            id,
            CASE
                WHEN pg_column_size(args) + pg_column_size(kwargs)
                    + COALESCE(pg_column_size(data), 0) + COALESCE(pg_column_size(meta), 0)
                    > %(heavy)s::int THEN true
                WHEN COALESCE(
                    pg_column_compression(args), pg_column_compression(kwargs),
                    pg_column_compression(data), pg_column_compression(meta)
                ) IS NULL THEN false
                ELSE octet_length(concat(args, kwargs, data, meta)) > %(heavy)s::int
            END AS is_heavy
        FROM pgjobs_job
        WHERE status = 'pending'
            AND queue_name = lane.queue
            AND priority = lane.priority
            AND position BETWEEN stretch.first AND stretch.last
            AND job_class <> ALL (%(paused)s::text[])
            AND id <> ALL (%(set_aside)s::bigint[])
            {only}
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
FROM chosen
WHERE job.id = ANY (ARRAY[chosen.id])
RETURNING
    CASE job.status WHEN 'running' THEN chosen.rank END AS rank, chosen.passed, chosen.is_heavy,
    job.id, job.job_class, job.name, job.queue_name, job.priority, job.position,
    CASE WHEN NOT chosen.is_heavy THEN NULLIF(job.args, '[]') END AS args,
    CASE WHEN NOT chosen.is_heavy THEN NULLIF(job.kwargs, '{}') END AS kwargs,
    job.object_type_id, job.object_id, job.user_id,
    job.created, job.scheduled, job.interval, job.started,
    job.epoch, job.attempt, job.max_attempts, job.interruptions, job.timeout,
    job.worker_id,
    CASE WHEN NOT chosen.is_heavy THEN job.data END AS data,
    job.notifications,
    CASE WHEN NOT chosen.is_heavy THEN job.meta END AS meta
