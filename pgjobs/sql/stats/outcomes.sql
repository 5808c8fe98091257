SELECT
    job_class,
    start,
    sum(jobs)::bigint AS jobs,
    COALESCE(sum(jobs) FILTER (WHERE outcome IN ('errored', 'failed')), 0)::bigint AS unsuccessful
FROM pgjobs_ended
WHERE period = %(period)s
    AND start >= date_trunc(%(period)s, %(since)s::timestamptz, 'UTC')
    AND job_class = ANY (%(classes)s::text[])
GROUP BY job_class, start
ORDER BY start DESC, job_class
