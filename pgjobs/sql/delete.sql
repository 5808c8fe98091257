-- Delete the jobs that are still in one of the `statuses`. The database deletes their logs.
DELETE FROM pgjobs_job
WHERE id = ANY (%(ids)s::bigint[]) AND status = ANY (%(statuses)s::text[])
RETURNING id
