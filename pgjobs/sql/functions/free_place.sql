-- Free the place of a job if it still waits: replace.sql as a function.
CREATE FUNCTION pgjobs_free_place(holder bigint) RETURNS void
LANGUAGE sql AS $$
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
    WHERE id = holder
        AND status IN ('pending', 'scheduled')
        AND NOT EXISTS (SELECT FROM reference)
)
UPDATE pgjobs_job
SET status = 'cancelled', completed = statement_timestamp(), interval = NULL, successor = NULL
WHERE id = holder
    AND status IN ('pending', 'scheduled')
    AND EXISTS (SELECT FROM reference)
$$;

COMMENT ON FUNCTION pgjobs_free_place IS
    'Take the place from a job that waits: delete the job, or cancel it if another table may refer to it.';
