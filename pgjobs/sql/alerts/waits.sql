-- The queues in which due jobs wait: since how long, and how many living workers serve them. Like
-- pgjobs_queues it reads live jobs only, in one branch for each status.
SELECT
    waiting.queue_name,
    statement_timestamp() - min(waiting.since),
    (SELECT count(*) FROM pgjobs_workers WHERE alive AND stopped IS NULL AND waiting.queue_name = ANY (queues))
FROM (
    SELECT queue_name, job_class, COALESCE(scheduled, created) AS since
    FROM pgjobs_job
    WHERE status = 'pending'
    UNION ALL
    SELECT queue_name, job_class, scheduled
    FROM pgjobs_job
    WHERE status = 'scheduled' AND scheduled <= statement_timestamp()
) AS waiting
WHERE %(paused)s OR NOT EXISTS (
    SELECT FROM pgjobs_pause AS pause
    WHERE (pause.kind = 'queue' AND pause.name = waiting.queue_name)
        OR (pause.kind = 'job_class' AND pause.name = waiting.job_class)
)
GROUP BY waiting.queue_name
