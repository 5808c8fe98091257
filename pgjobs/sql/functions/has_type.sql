-- A function, so that the view pgjobs_jobs names no column that a project may change.
CREATE FUNCTION pgjobs_has_type(job pgjobs_job, type django_content_type) RETURNS boolean
LANGUAGE sql STABLE AS 'SELECT type.id = job.object_type_id';

COMMENT ON FUNCTION pgjobs_has_type IS 'Whether the object of the job has this content type.';
