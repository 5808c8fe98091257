-- Wake the callers of Job.wait() for the jobs that a batch has ended. The statement that records the batch leaves
-- their ids in the setting pgjobs.ended, which needs neither a right nor a table: it also works beside an
-- older schema. The bell is part of its transaction, and is heard after its commit.
--
-- While nobody waits, the look into an empty table is all that it costs. A caller that comes later looks
-- again by itself (execution/waiting.py), and so does one that this function could not wake: a job must end
-- even if somebody holds a lock on the table of callers, or if the server's queue of notifications is full and
-- would refuse the commit, see functions/ring.sql.
CREATE FUNCTION pgjobs_tell_waiters() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET lock_timeout = '500ms' AS $$
DECLARE
    ended bigint[] := current_setting('pgjobs.ended', true)::bigint[];
BEGIN
    PERFORM set_config('pgjobs.ended', '', true);
    PERFORM FROM pgjobs_waiter LIMIT 1;
    IF FOUND AND pg_notification_queue_usage() <= 0.5 THEN
        PERFORM pg_notify(concat_ws('_', 'pgjobs_waiter', {SCHEMA}, id), '')
        FROM pgjobs_waiter
        WHERE job_id = ANY (ended);
    END IF;
    RETURN NULL;
EXCEPTION WHEN OTHERS THEN
    PERFORM set_config('pgjobs.ended', '', true);
    RETURN NULL;
END
$$;

COMMENT ON FUNCTION pgjobs_tell_waiters IS
    'The trigger that wakes the callers of Job.wait() for the jobs of a batch that has ended.';
