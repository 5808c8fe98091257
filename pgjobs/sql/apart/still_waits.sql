-- Whether a job waits in one of the `statuses`. A policy of the table may hide its row from statements
-- that lock, so this one
-- does not lock. If `worker` is given, the worker must be alive too: otherwise it claims nothing, see
-- claim.sql.
SELECT EXISTS (
    SELECT FROM pgjobs_job WHERE id = %(id)s AND status = ANY (%(statuses)s::text[])
) AND (
    %(worker)s::bigint IS NULL
    OR EXISTS (SELECT FROM pgjobs_worker WHERE id = %(worker)s AND stopped IS NULL)
)
