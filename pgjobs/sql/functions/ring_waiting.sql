-- Wake idle workers for all jobs that wait. For callers of pgjobs_enqueue() and pgjobs_retry(), after their
-- commit: they need not know the queues, and a role needs no other right than this one.
CREATE FUNCTION pgjobs_ring() RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
    RETURN (
        SELECT COALESCE(sum(pgjobs_ring(ARRAY[idle.queue], ready.jobs::integer)), 0)
        FROM (SELECT DISTINCT unnest(queues) AS queue FROM pgjobs_doorbell) AS idle
        CROSS JOIN LATERAL (
            SELECT count(*) AS jobs
            FROM (
                SELECT FROM pgjobs_job WHERE status = 'pending' AND queue_name = idle.queue LIMIT 25
            ) AS first
        ) AS ready
        WHERE ready.jobs > 0
    );
END
$$;

COMMENT ON FUNCTION pgjobs_ring() IS
    'Wake idle workers for the jobs that wait in their queues; returns how many it woke.';
