-- Delete a batch of jobs that finished more than `days` ago; the database deletes their logs. The
-- batch is small: a huge DELETE would run for long, and meanwhile vacuum could not remove the dead
-- rows of the queue. `passed_over` are jobs that refused to be deleted.
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
SELECT count(*) FROM gone
