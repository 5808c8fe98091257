-- End a waiting job that can be neither claimed nor promoted. The chain of a recurring job ends with it,
-- because its successor would be refused likewise. A row that another transaction holds is left for
-- later: waiting for it would hold up all other jobs.
UPDATE pgjobs_job
SET status = 'errored',
    started = statement_timestamp(),
    completed = statement_timestamp(),
    error = %(error)s,
    errors = errors || (
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
RETURNING id
