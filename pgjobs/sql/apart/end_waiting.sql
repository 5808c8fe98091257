-- End a waiting job that can be neither claimed nor promoted. The same statement inserts the successor of a
-- recurring job, as record.sql does. A row that another transaction holds is left for later: waiting for
-- it would hold up all other jobs.
WITH recorded AS (
    UPDATE pgjobs_job AS job
    SET status = 'errored',
        started = statement_timestamp(),
        completed = statement_timestamp(),
        error = %(error)s,
        errors = jsonb_path_query_array(errors, '$[last - 98 to last]') || (  -- see record.sql
            %(failure)s::jsonb || jsonb_build_object(
                'attempt', attempt,
                'worker', NULL,
                'started', statement_timestamp(),
                'ended', statement_timestamp()
            )
        )
    WHERE id = (
        SELECT id
        FROM pgjobs_job
        WHERE id = %(id)s AND status IN ('pending', 'scheduled')
        FOR NO KEY UPDATE SKIP LOCKED
    )
    RETURNING
        job.id,
        job.status,
        CASE
            WHEN (job.interval IS NOT NULL OR job.successor IS NOT NULL)
                AND job.status = 'errored'
                AND %(successor)s::text IS DISTINCT FROM 'none'
            THEN job
        END AS recurring,
        %(successor)s::text = 'without user' AS without_user
),
chained AS (
{successors}
)
-- A trigger that returns OLD has kept the row as it was.
SELECT id FROM recorded WHERE status = 'errored'
