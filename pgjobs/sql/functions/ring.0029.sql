-- Wake idle workers. This is a function because PL/pgSQL plans once for each session: as a plain
-- statement the ring cost the server as much as the INSERT of the job, most of it for planning. A
-- statement that the client prepares would save as much, but does not work behind a pooler. A person
-- at psql can wake a worker for a row that was inserted by hand.
--
-- Call it after the enqueuing transaction. Inside it, a NOTIFY would take a lock at the commit that
-- all committing transactions of the server share. Each worker listens on a channel of its own, so
-- that a ring wakes no more workers than needed. Channels belong to the database: outside the schema public
-- their names have the schema's OID, or a worker of another site in another schema would wake up.
CREATE FUNCTION pgjobs_ring(for_queues text[], at_most integer DEFAULT 1) RETURNS integer
LANGUAGE plpgsql AS $$
DECLARE
    rung integer;
BEGIN
    -- In a busy cluster no worker is idle, and this look is all that the ring costs.
    PERFORM FROM pgjobs_doorbell WHERE queues && for_queues LIMIT 1;
    IF NOT FOUND THEN
        RETURN 0;
    END IF;
    WITH woken AS (
        DELETE FROM pgjobs_doorbell
        WHERE worker_id IN (
            SELECT worker_id
            FROM pgjobs_doorbell
            WHERE queues && for_queues
            ORDER BY since
            LIMIT at_most
            FOR UPDATE SKIP LOCKED
        )
        RETURNING worker_id
    )
    SELECT count(pg_notify(concat_ws('_', 'pgjobs', {SCHEMA}, worker_id), '')) INTO rung FROM woken;
    RETURN rung;
END
$$;

COMMENT ON FUNCTION pgjobs_ring(text[], integer) IS
    'Wakes up to at_most idle workers that serve one of the queues; returns how many it woke.';
