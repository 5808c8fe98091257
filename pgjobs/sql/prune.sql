-- Delete a batch of jobs that finished more than `days` ago; the database deletes their logs. The
-- batch is small: a huge DELETE would run for long, and meanwhile vacuum could not remove the dead
-- rows of the queue. `passed_over` are jobs that refused to be deleted.
--
-- `kept` are jobs of the batch that are still there: a trigger of the project that returns NULL, or a policy
-- for deletions, keeps a row without an error.
WITH old AS MATERIALIZED (
    SELECT id
    FROM pgjobs_job
    WHERE completed < statement_timestamp() - make_interval(days => %(days)s)
        AND id <> ALL (%(passed_over)s::bigint[])
    ORDER BY completed
    LIMIT %(limit)s
    FOR UPDATE SKIP LOCKED
),
gone AS (
    DELETE FROM pgjobs_job AS job USING old WHERE job.id = ANY (ARRAY[old.id]) RETURNING job.id
)
SELECT deleted, CASE WHEN deleted = tried THEN '{}' ELSE ARRAY(SELECT id FROM old EXCEPT SELECT id FROM gone) END AS kept
FROM (SELECT (SELECT count(*) FROM gone) AS deleted, (SELECT count(*) FROM old) AS tried) AS counted
