-- As SIGUSR1 to its supervisor, for this one process: it claims no more, and a new process with the code as it is
-- on disk takes its place when its jobs have ended.
CREATE FUNCTION pgjobs_restart(worker bigint) RETURNS boolean
LANGUAGE sql SECURITY DEFINER AS $$
SELECT pgjobs_give_order(worker, 'restart')
$$;

COMMENT ON FUNCTION pgjobs_restart IS
    'Let a new process take the place of a worker when its running jobs have ended; false if it has this order already.';
