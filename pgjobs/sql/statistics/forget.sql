-- Delete periods past their retention. The days of a week stay, because the views read them: see
-- views/spans.sql. A total stays as long as a day of it is kept: it must not go down while a collector reads it.
WITH old AS (
    DELETE FROM pgjobs_statistics
    WHERE period = 'minute' AND start < statement_timestamp() - make_interval(days => %(minutes)s)
        OR period = 'hour' AND start < statement_timestamp() - make_interval(days => %(hours)s)
        OR period = 'day' AND start < statement_timestamp() - make_interval(days => GREATEST(%(days)s, 7))
        OR period = 'total' AND (job_class, queue, outcome) NOT IN (
            SELECT job_class, queue, outcome
            FROM pgjobs_statistics
            WHERE period = 'day' AND start >= statement_timestamp() - make_interval(days => %(days)s)
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
