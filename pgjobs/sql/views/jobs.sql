-- Both joins are on primary keys, so a query that names none of their columns doesn't pay for them.
-- Progress is JSON that a job wrote: only numbers are computed with.
CREATE VIEW pgjobs_jobs AS
SELECT
    job.id,
    job.status,
    job.name,
    type.app_label || '.' || type.model || ':' || job.object_id AS object,
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
            CASE
                WHEN (job.progress -> 'total')::numeric > 0
                THEN LEAST(100, GREATEST(0, round(
                    100 * (job.progress -> 'done')::numeric / (job.progress -> 'total')::numeric
                )))::int
            END
    END AS progress_percent,
    job.progress ->> 'message' AS progress_message,
    job.cancel_requested,
    job.worker_id,
    worker.name AS worker,
    job.user_id,
    split_part(job.error, E'\n', 1) AS error,
    job.job_class
FROM pgjobs_job AS job
LEFT JOIN django_content_type AS type ON type.id = job.object_type_id
LEFT JOIN pgjobs_worker AS worker ON worker.id = job.worker_id
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
    'Every job, readable: its object, lateness, duration, progress and worker. The table is pgjobs_job.';
COMMENT ON COLUMN pgjobs_jobs.object IS 'What the job is about, as app.model:key; NULL for none.';
COMMENT ON COLUMN pgjobs_jobs.scheduled IS
    'Not to start before; for a job that waits to be tried again, moved to its next attempt.';
COMMENT ON COLUMN pgjobs_jobs.late_by IS
    'How long after it was due (scheduled, else created) the job started; while it waits, how long it has been due. NULL if it is not due yet or never started.';
COMMENT ON COLUMN pgjobs_jobs.duration IS
    'How long its last attempt ran; so far, if it runs.';
COMMENT ON COLUMN pgjobs_jobs.attempt IS 'Attempts begun, of max_attempts.';
COMMENT ON COLUMN pgjobs_jobs.interruptions IS
    'How often its worker died; not counted as attempts.';
COMMENT ON COLUMN pgjobs_jobs.timeout IS
    'Seconds that run() may take; NULL: the DEFAULT_TIMEOUT setting.';
COMMENT ON COLUMN pgjobs_jobs.interval IS 'Minutes between recurrences; NULL for a job that runs once.';
COMMENT ON COLUMN pgjobs_jobs.progress_percent IS
    '0 to 100, from self.progress(done, total); NULL if the job said no total.';
COMMENT ON COLUMN pgjobs_jobs.cancel_requested IS
    'When somebody cancelled it; a running job is told within a second or so.';
COMMENT ON COLUMN pgjobs_jobs.error IS
    'First line. All of it is in pgjobs_job.error, tracebacks of every failed attempt in pgjobs_job.errors.';
