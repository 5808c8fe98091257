-- The status of the job, for a caller that stands in no table.
SELECT status FROM pgjobs_job WHERE id = %(job)s
