-- Count each end of a job. A batch is counted by the statement that records it (statistics/tally.sql), which
-- says so by the setting pgjobs.counts; each other end is counted by the row. The depth tells such a batch
-- from statements that a trigger of the project runs in the middle of it.
--
-- `completed` tells a finished job from a live one in any release: pgjobs_job_status_fits_times.
CREATE TRIGGER pgjobs_count_end AFTER UPDATE ON pgjobs_job FOR EACH ROW
WHEN (
    NEW.completed IS NOT NULL
    AND OLD.completed IS NULL
    AND NOT (current_setting('pgjobs.counts', true) IS NOT DISTINCT FROM 'batch' AND pg_trigger_depth() = 0)
)
EXECUTE FUNCTION pgjobs_count_end();
CREATE TRIGGER pgjobs_count_ends AFTER UPDATE ON pgjobs_job FOR EACH STATEMENT
WHEN (current_setting('pgjobs.counts', true) = 'batch' AND pg_trigger_depth() = 0)
EXECUTE FUNCTION pgjobs_count_ends();
