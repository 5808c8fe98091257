-- The views of statistics never read the table of jobs. The last hour is read minute by minute, the last
-- day and week hour by hour: so a day ends with the beginning of an hour.
CREATE VIEW pgjobs_throughput AS
SELECT
    span.span,
    part.job_class,
    part.queue,
    COALESCE(sum(part.jobs) FILTER (WHERE part.outcome = 'completed'), 0)::bigint AS completed,
    COALESCE(sum(part.jobs) FILTER (WHERE part.outcome = 'errored'), 0)::bigint AS errored,
    COALESCE(sum(part.jobs) FILTER (WHERE part.outcome = 'failed'), 0)::bigint AS failed,
    COALESCE(sum(part.jobs) FILTER (WHERE part.outcome = 'cancelled'), 0)::bigint AS cancelled,
    round(sum(part.jobs) / (date_part('epoch', span.length) / 60)::numeric, 2) AS per_minute,
    make_interval(secs => sum(part.run_seconds)) AS run_time
FROM (
    VALUES
        ('hour', 'minute', interval '1 hour'),
        ('day', 'hour', interval '1 day'),
        ('week', 'hour', interval '7 days')
) AS span (span, period, length)
CROSS JOIN LATERAL (
    SELECT job_class, queue, outcome, jobs, run_seconds
    FROM pgjobs_ended
    WHERE period = span.period AND start > statement_timestamp() - span.length
    OFFSET 0
) AS part
GROUP BY span.span, span.length, part.job_class, part.queue;

COMMENT ON VIEW pgjobs_throughput IS
    'Ends of jobs in the last hour, day and week, by class and queue. The view does not read the jobs, so it stays cheap, and it outlives their pruning.';
COMMENT ON COLUMN pgjobs_throughput.span IS
    'hour, day or week: the time up to now. A day and a week begin with a whole hour.';
COMMENT ON COLUMN pgjobs_throughput.completed IS
    'How often a job ended as completed. A job that is retried ends again, and counts again.';
COMMENT ON COLUMN pgjobs_throughput.per_minute IS 'Ends of any kind for each minute of the span.';
COMMENT ON COLUMN pgjobs_throughput.run_time IS 'The run times of these jobs, together.';
