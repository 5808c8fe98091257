-- Delete what is past its retention. A total stays as long as a day of it is kept: it must not go down
-- while anybody reads it.
WITH old AS (
    DELETE FROM pgjobs_statistics
    WHERE period = 'minute' AND start < statement_timestamp() - make_interval(days => %(minutes)s)
        OR period = 'hour' AND start < statement_timestamp() - make_interval(days => %(hours)s)
        OR period = 'day' AND start < statement_timestamp() - make_interval(days => %(days)s)
        OR period = 'total' AND NOT EXISTS (
            SELECT
            FROM pgjobs_statistics AS recent
            WHERE recent.period = 'day'
                AND recent.start >= statement_timestamp() - make_interval(days => %(days)s)
                AND recent.job_class = pgjobs_statistics.job_class
                AND recent.queue = pgjobs_statistics.queue
                AND recent.outcome = pgjobs_statistics.outcome
        )
)
DELETE FROM pgjobs_failure_statistics
WHERE last_seen < statement_timestamp() - make_interval(days => %(days)s)
    OR (job_class, exception, frame) IN (
        SELECT job_class, exception, frame
        FROM pgjobs_failure_statistics
        ORDER BY last_seen DESC
        OFFSET %(kinds)s
    )
