-- Whether an enqueuer must ring after its commit. The INSERT of a job returns the answer, so that a
-- busy cluster, in which no worker is idle, is spared the round trip of the ring. This is a function
-- because PL/pgSQL plans once for each session: as a subquery the same look took a third of the time
-- of each INSERT, most of it for planning.
--
-- STABLE: the function sees what the INSERT sees. Under another isolation level than READ COMMITTED
-- the snapshot may be much older than the INSERT and says nothing about the workers that are idle
-- now; then the enqueuer must ring.
CREATE FUNCTION pgjobs_must_ring(for_queue text) RETURNS boolean
LANGUAGE plpgsql STABLE AS $$
BEGIN
    PERFORM FROM pgjobs_doorbell WHERE for_queue = ANY (queues) LIMIT 1;
    RETURN FOUND OR current_setting('transaction_isolation') <> 'read committed';
END
$$;

COMMENT ON FUNCTION pgjobs_must_ring IS
    'Whether the enqueuer must ring: a worker that serves the queue is idle, or the current statement cannot tell.';
