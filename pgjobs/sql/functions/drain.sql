-- As SIGTERM to this one process: it claims no more, and ends when its jobs have ended. Its supervisor starts no
-- other one in its place.
CREATE FUNCTION pgjobs_drain(worker bigint) RETURNS boolean
LANGUAGE sql SECURITY DEFINER AS $$
SELECT pgjobs_give_order(worker, 'drain')
$$;

COMMENT ON FUNCTION pgjobs_drain IS
    'Let a worker end when its running jobs have ended, without a new process in its place; false if it has this order already.';
