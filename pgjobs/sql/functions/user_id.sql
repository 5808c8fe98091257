-- A function, so that the view pgjobs_jobs names no column that a project may change. Its type is that of
-- the user's key, so that a search by user uses the index. If a project changes the type, the view works
-- on, and pgjobs/schema_upkeep.py makes the function and the view anew.
CREATE FUNCTION pgjobs_user_id(job pgjobs_job) RETURNS pgjobs_job.user_id%TYPE
LANGUAGE sql STABLE AS 'SELECT job.user_id';

COMMENT ON FUNCTION pgjobs_user_id IS 'The key of the job''s user.';
