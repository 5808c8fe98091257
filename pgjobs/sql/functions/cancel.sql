-- Cancel live jobs, as JobQuerySet.cancel() does: waiting jobs at once, running jobs by a request that their
-- worker passes on within about a second. The chains of recurring jobs end.
--
-- The rows are locked in the order of their ids before they change, as everywhere: see rows/rivalry.py. The
-- second statement sees what was committed while the locks were waited for.
CREATE FUNCTION pgjobs_cancel(VARIADIC ids bigint[]) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE
    held bigint[] := ARRAY(
        SELECT id
        FROM pgjobs_job
        WHERE id = ANY (ids) AND status IN ('pending', 'scheduled', 'running')
        ORDER BY id
        FOR NO KEY UPDATE
    );
    cancelled integer;
BEGIN
    UPDATE pgjobs_job
    SET status = CASE status WHEN 'running' THEN status ELSE 'cancelled' END,
        completed = CASE WHEN status <> 'running' THEN statement_timestamp() END,
        interval = CASE WHEN status <> 'running' THEN interval END,
        successor = NULL,
        cancel_requested = statement_timestamp()
    WHERE id = ANY (held) AND status IN ('pending', 'scheduled', 'running');
    GET DIAGNOSTICS cancelled = ROW_COUNT;
    IF cancelled > 0 THEN
        PERFORM pgjobs_note('cancel', ids, '', cancelled);
    END IF;
    RETURN cancelled;
END
$$;

COMMENT ON FUNCTION pgjobs_cancel IS
    'Cancel the jobs of these ids that wait or run; returns their number. A running job is told to stop within about a second.';
