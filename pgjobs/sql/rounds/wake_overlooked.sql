-- Wake idle workers for jobs that no ring has told of: the enqueuer died before its ring, somebody
-- inserted the job by SQL, another transaction held its row, or its queue was resumed. Of each queue
-- that an idle worker serves, the statement reads at most 25 ready jobs. It rings for more workers than
-- jobs, because a worker that has just died still stands beside the doorbell.
--
-- If a scheduled job is due within `ahead` seconds, one worker is woken. It looks, and from then on it
-- knows the due moment.
WITH idle AS MATERIALIZED (
    SELECT DISTINCT unnest(queues) AS queue FROM pgjobs_doorbell
),
paused AS MATERIALIZED (
    SELECT
        COALESCE(array_agg(name::text) FILTER (WHERE kind = 'queue'), '{}') AS queues,
        COALESCE(array_agg(name::text) FILTER (WHERE kind = 'job_class'), '{}') AS classes
    FROM pgjobs_pause
),
ready AS MATERIALIZED (
    SELECT idle.queue, (
        SELECT count(*)
        FROM (
            SELECT
            FROM pgjobs_job
            WHERE status = 'pending'
                AND queue_name = idle.queue
                AND job_class <> ALL ((SELECT classes FROM paused)::text[])
            LIMIT 25
        ) AS first
    ) AS jobs
    FROM idle
    WHERE idle.queue <> ALL ((SELECT queues FROM paused)::text[])
)
SELECT pgjobs_ring(ARRAY[queue], 4 * jobs::int) FROM ready WHERE jobs > 0
UNION ALL
SELECT pgjobs_ring(ARRAY(SELECT queue FROM idle), 1)
WHERE (
    SELECT scheduled FROM pgjobs_job WHERE status = 'scheduled' ORDER BY scheduled LIMIT 1
) < statement_timestamp() + make_interval(secs => %(ahead)s)
