-- Wakes the callers of Job.wait(), see functions/tell_waiters.sql.
CREATE TRIGGER pgjobs_tell_waiters AFTER UPDATE ON pgjobs_job FOR EACH STATEMENT
WHEN (current_setting('pgjobs.ended', true) <> '' AND pg_trigger_depth() = 0)
EXECUTE FUNCTION pgjobs_tell_waiters();
