-- Leave an order to a worker, which reads it with its next heartbeat. The newest order counts.
CREATE FUNCTION pgjobs_give_order(worker bigint, kind text) RETURNS boolean
LANGUAGE plpgsql AS $$
DECLARE
    seen text := (SELECT one.state FROM pgjobs_workers AS one WHERE one.id = worker LIMIT 1);
BEGIN
    IF seen IS NULL OR seen IN ('stopped', 'dead') THEN
        RAISE EXCEPTION 'worker % %', COALESCE(worker::text, 'NULL'),
            CASE seen WHEN 'stopped' THEN 'has stopped' WHEN 'dead' THEN 'is dead' ELSE 'does not exist' END
        USING ERRCODE = 'invalid_parameter_value', HINT = COALESCE(
            'Living workers are: ' || (
                SELECT string_agg(one.id::text, ', ' ORDER BY one.id) FROM pgjobs_workers AS one WHERE one.alive
            ) || '.',
            'No worker lives.'
        );
    END IF;
    INSERT INTO pgjobs_order AS asked (worker_id, kind)
    VALUES (worker, pgjobs_give_order.kind)
    ON CONFLICT (worker_id) DO UPDATE SET kind = EXCLUDED.kind, given = EXCLUDED.given
        WHERE asked.kind <> EXCLUDED.kind;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    PERFORM pgjobs_note(kind, NULL, worker::text, 1);
    RETURN true;
END
$$;

COMMENT ON FUNCTION pgjobs_give_order IS 'Leave an order to a living worker; false if it has this order already.';
