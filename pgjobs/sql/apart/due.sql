-- The ids of the scheduled jobs that promote.sql would make pending.
SELECT id
FROM pgjobs_job
WHERE status = 'scheduled'
    AND scheduled <= statement_timestamp()
    AND id <> ALL (%(set_aside)s::bigint[])
ORDER BY scheduled
LIMIT %(limit)s
