-- The job that prune.sql deletes first.
SELECT id
FROM pgjobs_job
WHERE completed < statement_timestamp() - make_interval(days => %(days)s)
    AND id <> ALL (%(passed_over)s::bigint[])
ORDER BY completed
LIMIT 1
