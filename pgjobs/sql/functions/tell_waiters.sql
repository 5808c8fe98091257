-- Wake the callers of Job.wait() for the jobs in `ended`. The statements that record outcomes call it once for
-- a batch, so the bell is part of their transaction, and is heard after its commit.
--
-- While nobody waits, the look into an empty table is all that it costs. This is a function because PL/pgSQL
-- plans once for each session. It is VOLATILE, so that it sees callers that have come since the statement
-- began. A caller that comes even later looks again by itself: see execution/waiting.py.
CREATE FUNCTION pgjobs_tell_waiters(ended bigint[]) RETURNS boolean
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM pgjobs_waiter LIMIT 1;
    IF FOUND THEN
        PERFORM pg_notify('pgjobs_waiter_' || id, '') FROM pgjobs_waiter WHERE job_id = ANY (ended);
    END IF;
    RETURN true;
END
$$;

COMMENT ON FUNCTION pgjobs_tell_waiters IS
    'Wakes the callers of Job.wait() for these jobs; returns true.';
