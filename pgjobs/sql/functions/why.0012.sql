-- Why a job waits, or what has become of it: one row for each reason, the first one first. A later reason may
-- matter only after the earlier ones are gone.
--
-- `ahead` counts the jobs that the most devoted living worker starts first: those of the lanes that it serves
-- before the job's lane, and the earlier ones of the lane itself. There is a branch for each condition, because
-- each reads a range of the index pgjobs_job_ready. It stops to count beyond 100,000 jobs. If most jobs of
-- the table wait, the planner would rather read all of it: of 1,000,000 jobs in 0.8 s instead of 0.03 s.
--
-- `pace` is the rate at which jobs of these queues have ended: the highest of those of the last seconds, the
-- last minute and the last five minutes, because a queue that was empty for a while says nothing about the
-- pace of its workers. It reads at most the newest 10,000 ended jobs.
--
-- It acts in the rights of the caller, who must be able to read these columns.
--
-- A transaction that holds the row stands in `xmax`. Claims pass over a locked row without waiting.
CREATE FUNCTION pgjobs_why(job bigint)
RETURNS TABLE (reason text, evidence text, since timestamptz)
LANGUAGE sql STABLE
SET enable_seqscan = off
SET enable_bitmapscan = off
AS $$
WITH it AS MATERIALIZED (
    SELECT
        id, status, queue_name, priority, position, job_class, attempt, max_attempts, interruptions,
        scheduled, created, started, completed, cancel_requested, worker_id, error,
        xmax AS holder, status IN ('pending', 'scheduled') AS waits
    FROM pgjobs_job
    WHERE id = pgjobs_why.job
),
paused AS MATERIALIZED (
    SELECT
        COALESCE(array_agg(name::text) FILTER (WHERE kind = 'queue'), '{}') AS queues,
        COALESCE(array_agg(name::text) FILTER (WHERE kind = 'job_class'), '{}') AS classes
    FROM pgjobs_pause
),
serving AS MATERIALIZED (
    SELECT worker.*, worker.queues[:array_position(worker.queues, it.queue_name::text) - 1] AS first_queues
    FROM it
    JOIN pgjobs_workers AS worker ON it.queue_name = ANY (worker.queues)
    WHERE it.waits AND worker.state = 'alive'
),
ahead AS MATERIALIZED (
    SELECT devoted.first_queues || it.queue_name::text AS queues, counted.jobs
    FROM it
    CROSS JOIN (SELECT DISTINCT first_queues FROM serving) AS devoted
    CROSS JOIN LATERAL (
        SELECT count(*) AS jobs
        FROM (
            SELECT
            FROM pgjobs_job AS other
            WHERE other.status = 'pending' AND other.queue_name = ANY (devoted.first_queues)
                AND other.queue_name <> ALL ((SELECT queues FROM paused)::text[])
                AND other.job_class <> ALL ((SELECT classes FROM paused)::text[])
            UNION ALL
            SELECT
            FROM pgjobs_job AS other
            WHERE other.status = 'pending' AND other.queue_name = it.queue_name
                AND other.priority > it.priority
                AND other.job_class <> ALL ((SELECT classes FROM paused)::text[])
            UNION ALL
            SELECT
            FROM pgjobs_job AS other
            WHERE other.status = 'pending' AND other.queue_name = it.queue_name
                AND other.priority = it.priority AND other.position < it.position
                AND other.job_class <> ALL ((SELECT classes FROM paused)::text[])
            LIMIT 100001
        ) AS first
    ) AS counted
    WHERE it.status = 'pending'
    ORDER BY counted.jobs
    LIMIT 1
),
pace AS MATERIALIZED (
    SELECT GREATEST(
        count(*) FILTER (WHERE ended.age < 3) / LEAST(3, GREATEST(max(ended.age), 0.1)),
        count(*) FILTER (WHERE ended.age < 15) / LEAST(15, GREATEST(max(ended.age), 0.1)),
        count(*) FILTER (WHERE ended.age < 60) / LEAST(60, GREATEST(max(ended.age), 0.1)),
        count(*) / GREATEST(max(ended.age), 0.1)
    ) AS jobs_per_second
    FROM ahead
    CROSS JOIN LATERAL (
        SELECT extract(epoch FROM statement_timestamp() - newest.completed) AS age
        FROM (
            SELECT queue_name, started, completed
            FROM pgjobs_job
            WHERE completed > statement_timestamp() - interval '5 minutes'
            ORDER BY completed DESC
            LIMIT 10000
        ) AS newest
        WHERE newest.queue_name = ANY (ahead.queues) AND newest.started IS NOT NULL
    ) AS ended
    WHERE ahead.jobs > 0
),
found (rank, reason, evidence, since) AS (
    SELECT
        1, 'unknown', 'There is no such job. Perhaps it is pruned, or its transaction is still open.',
        NULL::timestamptz
    WHERE NOT EXISTS (SELECT FROM it)
    UNION ALL
    SELECT
        2, 'finished',
        concat_ws(
            ': ', format('It is %s after %s of %s attempts', status, attempt, max_attempts),
            NULLIF(split_part(error, E'\n', 1), '')
        ),
        completed
    FROM it
    WHERE NOT waits AND status <> 'running'
    UNION ALL
    SELECT
        3, 'running',
        CASE
            WHEN it.worker_id IS NULL THEN 'It runs in the process of its caller.'
            WHEN worker.alive IS NOT TRUE THEN format(
                'Worker %s%s has it and is %s: %s.',
                it.worker_id, ' (' || worker.name || ')', COALESCE(worker.state, 'gone'),
                CASE
                    WHEN EXISTS (SELECT FROM pgjobs_workers AS other WHERE other.state = 'alive')
                    THEN 'another worker takes it back soon'
                    ELSE 'a worker takes it back, but none lives'
                END
            )
            ELSE concat(
                format(
                    'Worker %s (%s) has it, for attempt %s of %s.',
                    worker.id, worker.name, it.attempt, it.max_attempts
                ),
                CASE WHEN worker.running > worker.slots THEN format(
                    ' It has claimed %s jobs for %s slots, so this one may wait for a slot.',
                    worker.running, worker.slots
                ) END
            )
        END,
        it.started
    FROM it
    LEFT JOIN pgjobs_workers AS worker ON worker.id = it.worker_id
    WHERE it.status = 'running'
    UNION ALL
    SELECT 4, 'stopping', 'It is told to stop.', cancel_requested
    FROM it
    WHERE status = 'running' AND cancel_requested IS NOT NULL
    UNION ALL
    SELECT 5, 'paused', format('The %s %s is paused.', replace(pause.kind, '_', ' '), pause.name), pause.since
    FROM it
    JOIN pgjobs_pause AS pause
        ON (pause.kind = 'queue' AND pause.name = it.queue_name)
        OR (pause.kind = 'job_class' AND pause.name = it.job_class)
    WHERE it.waits
    UNION ALL
    SELECT
        6,
        CASE
            WHEN scheduled <= statement_timestamp() THEN 'due'
            WHEN attempt > 0 THEN 'next attempt'
            ELSE 'scheduled'
        END,
        CASE
            WHEN attempt > 0 THEN concat_ws(
                ': ', format('Attempt %s of %s may begin %s, after', attempt + 1, max_attempts, scheduled),
                COALESCE(NULLIF(split_part(error, E'\n', 1), ''), 'a wish of its own')
            )
            ELSE format('It may begin %s.', scheduled)
        END,
        COALESCE(started, created)
    FROM it
    WHERE status = 'scheduled'
    UNION ALL
    SELECT
        7, 'no worker',
        format('No living worker serves the queue %s.', it.queue_name) || COALESCE(
            (
                SELECT ' Those that live serve ' || string_agg(DISTINCT queue, ', ') || '.'
                FROM pgjobs_workers AS worker CROSS JOIN unnest(worker.queues) AS queue
                WHERE worker.state = 'alive'
            ),
            ''
        ),
        NULL
    FROM it
    WHERE waits AND NOT EXISTS (SELECT FROM serving)
    UNION ALL
    SELECT
        8, 'unknown class',
        format('No living worker that serves the queue %s knows %s.', it.queue_name, it.job_class),
        NULL
    FROM it
    -- Workers of an older release, and those without the right, write no classes: then nobody can tell.
    WHERE waits AND (
        SELECT bool_and(entry.name <> it.job_class)
        FROM pgjobs_registry AS entry
        WHERE entry.kind = 'job_class' AND entry.seen >= (SELECT min(started) FROM serving)
    )
    UNION ALL
    SELECT
        9, 'locked',
        format(
            'A transaction of pid %s%s holds %s.',
            held.pid,
            ' (' || NULLIF(session.application_name, '') || ')',
            CASE held.locktype WHEN 'relation' THEN 'the table of jobs' ELSE 'the row of the job' END
        ),
        session.xact_start
    FROM it
    JOIN pg_locks AS held
        ON held.granted
        AND (
            held.locktype = 'transactionid' AND held.transactionid = it.holder
            OR held.locktype = 'relation'
                AND held.database = (SELECT oid FROM pg_database WHERE datname = current_database())
                AND held.relation = 'pgjobs_job'::regclass
                AND held.mode IN (
                    'ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock'
                )
        )
    LEFT JOIN pg_stat_activity AS session ON session.pid = held.pid
    WHERE it.waits AND held.pid <> pg_backend_pid()
    UNION ALL
    SELECT
        10, 'behind',
        concat(
            CASE WHEN jobs > 100000 THEN 'More than ' END, LEAST(jobs, 100000),
            CASE jobs WHEN 1 THEN ' job stands before it; ' ELSE ' jobs stand before it; ' END,
            CASE
                WHEN jobs_per_second > 0 THEN format(
                    'at %s jobs per second it starts in %s %s.',
                    round(jobs_per_second, 1),
                    CASE WHEN jobs > 100000 THEN 'more than' ELSE 'about' END,
                    make_interval(secs => ceil(jobs / jobs_per_second)::integer)
                )
                ELSE 'no job of these queues has ended in the last five minutes.'
            END
        ),
        NULL
    FROM ahead
    LEFT JOIN pace ON true
    WHERE jobs > 0
    UNION ALL
    SELECT
        11, 'busy',
        format('All %s slots of the workers that serve the queue are taken, the longest by ', sum(slots)) || (
            SELECT string_agg(
                format('job %s (%s)', longest.id, longest.name), ', ' ORDER BY longest.started
            )
            FROM (
                SELECT busy.id, busy.name, busy.started
                FROM pgjobs_job AS busy
                WHERE busy.status = 'running' AND busy.worker_id IN (SELECT serving.id FROM serving)
                ORDER BY busy.started
                LIMIT LEAST(3, (SELECT sum(slots) FROM serving))
            ) AS longest
        ) || '.',
        NULL
    FROM serving
    HAVING sum(slots) <= sum(running)
    UNION ALL
    SELECT 12, 'due', 'It is due: a worker takes it within about a second.', COALESCE(scheduled, created)
    FROM it
    WHERE status = 'pending'
    UNION ALL
    SELECT 13, 'interrupted', format('It lost its worker %s times, and began anew.', interruptions), NULL
    FROM it
    WHERE interruptions > 0
)
SELECT reason, evidence, since
FROM found
-- That it is due is no reason beside another one.
WHERE rank <> 12 OR NOT EXISTS (SELECT FROM found AS other WHERE other.rank BETWEEN 5 AND 11)
ORDER BY rank
$$;

COMMENT ON FUNCTION pgjobs_why IS
    'Why the job waits, or what has become of it: a row for each reason with its evidence, the first reason first.';
