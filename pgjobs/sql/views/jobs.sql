-- Each join is on a unique key, so PostgreSQL leaves a join out of a query that names none of its
-- columns. `progress` is JSON that a job wrote, or SQL by hand: the view computes only with values that are
-- numbers, and a message that is no text is redacted as arguments are.
--
-- A view that names a column forbids to change its type. So a project could not migrate the keys of its
-- users or content types. The view hands whole rows to functions, which PostgreSQL inlines when it
-- plans a query.
--
-- A job class that no worker has registered, or only workers of an older release, hides all arguments: ''
-- matches each key.
CREATE VIEW pgjobs_jobs AS
SELECT
    job.id,
    job.status,
    job.name,
    pgjobs_object(job, type) AS object,
    job.queue_name AS queue,
    job.priority,
    job.created,
    job.scheduled,
    job.started,
    job.completed,
    date_trunc('milliseconds', spans.late_by) AS late_by,
    date_trunc('milliseconds', spans.duration) AS duration,
    job.attempt,
    job.max_attempts,
    job.interruptions,
    job.timeout,
    job.interval,
    CASE
        WHEN jsonb_typeof(job.progress -> 'done') = 'number'
            AND jsonb_typeof(job.progress -> 'total') = 'number'
        THEN
            -- Beyond these bounds the division would overflow.
            CASE
                WHEN (job.progress -> 'total')::numeric BETWEEN 1e-100 AND 1e100
                    AND (job.progress -> 'done')::numeric BETWEEN -1e100 AND 1e100
                THEN LEAST(100, GREATEST(0, round(
                    100 * (job.progress -> 'done')::numeric / (job.progress -> 'total')::numeric
                )))::int
            END
    END AS progress_percent,
    CASE
        WHEN jsonb_typeof(job.progress -> 'message') IN ('array', 'object')
            OR 'message' ~ NULLIF(class.options ->> 'hidden', '')
        THEN pgjobs_redacted(job.progress, COALESCE(class.options ->> 'hidden', ''), 0) ->> 'message'
        ELSE job.progress ->> 'message'
    END AS progress_message,
    job.cancel_requested,
    job.worker_id,
    worker.name AS worker,
    pgjobs_user_id(job) AS user_id,
    split_part(job.error, E'\n', 1) AS error,
    job.job_class,
    make_interval(secs => COALESCE(
        job.timeout,
        (
            SELECT (setting.options ->> 'value')::double precision
            FROM pgjobs_registry AS setting
            WHERE setting.kind = 'setting' AND setting.name = 'DEFAULT_TIMEOUT'
        )
    )) AS time_limit,
    CASE
        WHEN job.kwargs = '{}' THEN job.kwargs
        ELSE pgjobs_redacted(job.kwargs, COALESCE(class.options ->> 'hidden', ''), 0)
    END AS arguments
FROM pgjobs_job AS job
LEFT JOIN django_content_type AS type ON pgjobs_has_type(job, type)
LEFT JOIN pgjobs_worker AS worker ON worker.id = job.worker_id
LEFT JOIN pgjobs_registry AS class ON class.kind = 'job_class' AND class.name = job.job_class
CROSS JOIN LATERAL (
    SELECT
        NULLIF(
            GREATEST(
                interval '0',
                CASE
                    WHEN job.started IS NOT NULL THEN job.started
                    WHEN job.completed IS NULL THEN statement_timestamp()
                    ELSE COALESCE(job.scheduled, job.created)
                END - COALESCE(job.scheduled, job.created)
            ),
            interval '0'
        ) AS late_by,
        COALESCE(job.completed, statement_timestamp()) - job.started AS duration
) AS spans;

COMMENT ON VIEW pgjobs_jobs IS
    'Each job in readable form: its object, lateness, duration, progress and worker. The table is pgjobs_job.';
COMMENT ON COLUMN pgjobs_jobs.object IS 'The object that the job is about, as app.model:key; NULL for a job without an object.';
COMMENT ON COLUMN pgjobs_jobs.scheduled IS
    'The moment before which the job may not start. If the job waits for its next attempt, the moment of this attempt.';
COMMENT ON COLUMN pgjobs_jobs.late_by IS
    'How long after it was due the job started; while it waits, how long it has been due. A job is due when it is scheduled, or from its creation if it has no scheduled moment. NULL if the job is not due yet, was on time, or ended without a start.';
COMMENT ON COLUMN pgjobs_jobs.duration IS
    'How long the last attempt ran, or has been running until now.';
COMMENT ON COLUMN pgjobs_jobs.attempt IS 'The number of attempts that have begun; at most max_attempts.';
COMMENT ON COLUMN pgjobs_jobs.interruptions IS
    'How often the job lost its worker. This does not count as an attempt.';
COMMENT ON COLUMN pgjobs_jobs.timeout IS
    'Seconds that run() may take; NULL means the setting DEFAULT_TIMEOUT.';
COMMENT ON COLUMN pgjobs_jobs.interval IS 'Minutes between two runs; NULL for a job that does not recur.';
COMMENT ON COLUMN pgjobs_jobs.progress_percent IS
    '0 to 100, from self.progress(done, total); NULL if the job gave no total.';
COMMENT ON COLUMN pgjobs_jobs.progress_message IS
    'The message from self.progress(). If SQL by hand made it an object, the values of its hidden keys are redacted.';
COMMENT ON COLUMN pgjobs_jobs.cancel_requested IS
    'When the cancellation was requested. A running job is told to stop within about a second.';
COMMENT ON COLUMN pgjobs_jobs.error IS
    'The first line of the error. The whole error is in pgjobs_job.error, and the traceback of each failed attempt in pgjobs_job.errors.';
COMMENT ON COLUMN pgjobs_jobs.time_limit IS
    'How long run() may take: its timeout, or DEFAULT_TIMEOUT as the workers know it; NULL if no worker has told it.';
COMMENT ON COLUMN pgjobs_jobs.arguments IS
    'The keyword arguments of run(). Hidden are the values of the keys that PGJOBS["REDACT"] or Meta.sensitive name, and all values of a class that no worker has registered.';
