"""The doorbell's ring as a function.

As a statement it cost the server as much as the job's INSERT, most of it planning, for each job
enqueued: PL/pgSQL plans once for each session. A statement prepared by the client would do the
same, but not behind a pooler. From psql it wakes a worker for a row inserted by hand.
"""

from __future__ import annotations

from django.db import migrations

# A NOTIFY inside the enqueuing transaction would take a lock that all commits share, so this is
# called after it, and wakes each worker on a channel of its own.
_CREATE = """
CREATE FUNCTION pgjobs_ring(for_queues text[], at_most integer DEFAULT 1) RETURNS integer
LANGUAGE plpgsql AS $$
DECLARE
    rung integer;
BEGIN
    -- In a busy cluster nobody is idle, and this is all.
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
    SELECT count(pg_notify('pgjobs_' || worker_id, '')) INTO rung FROM woken;
    RETURN rung;
END
$$;
COMMENT ON FUNCTION pgjobs_ring IS
    'Wakes up to at_most idle workers that serve one of the queues; returns how many.';
"""
_DROP = "DROP FUNCTION pgjobs_ring(text[], integer)"


class Migration(migrations.Migration):
    dependencies = [("pgjobs", "0003_inspection")]

    operations = [migrations.RunSQL(_CREATE, _DROP)]
