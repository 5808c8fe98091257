SELECT queue, start, sum(jobs)::bigint AS jobs
FROM pgjobs_ended
WHERE period = 'minute' AND start >= %(since)s::timestamptz
GROUP BY queue, start
ORDER BY start, queue
