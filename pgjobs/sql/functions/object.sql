-- A function, so that the view pgjobs_jobs names no column that a project may change.
CREATE FUNCTION pgjobs_object(job pgjobs_job, type django_content_type) RETURNS text
LANGUAGE sql STABLE AS $$SELECT type.app_label || '.' || type.model || ':' || job.object_id$$;

COMMENT ON FUNCTION pgjobs_object IS
    'The object of the job, as app.model:key; NULL for a job without an object.';
