-- Free the place of a job that still waits: delete the job.
--
-- If another table of the database refers to jobs, the job is cancelled instead. A row of that table
-- could refer to it, and then the DELETE would fail, perhaps not before the caller's commit. The chain
-- of the cancelled job does not go on, also after a retry: the job that takes the place continues it.
WITH reference AS MATERIALIZED (
    SELECT
    FROM pg_trigger AS watch
    JOIN pg_constraint AS made ON made.oid = watch.tgconstraint
    WHERE watch.tgrelid = 'pgjobs_job'::regclass
        AND made.confrelid = watch.tgrelid
        AND made.confdeltype IN ('a', 'r')
    LIMIT 1
),
deleted AS (
    DELETE FROM pgjobs_job
    WHERE id = %(id)s
        AND status IN ('pending', 'scheduled')
        AND NOT EXISTS (SELECT FROM reference)
)
UPDATE pgjobs_job
SET status = 'cancelled', completed = statement_timestamp(), interval = NULL, successor = NULL
WHERE id = %(id)s
    AND status IN ('pending', 'scheduled')
    AND EXISTS (SELECT FROM reference)
