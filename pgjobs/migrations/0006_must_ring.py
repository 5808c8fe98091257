"""Whether an enqueuer has to ring, as a function that its INSERT returns the answer of.

The ring is a round trip of its own after the commit, and in a busy cluster finds nobody idle. As
a subquery this look cost each INSERT a third of its time, most of it planning; PL/pgSQL plans once
for each session.
"""

from __future__ import annotations

from django.db import migrations

# STABLE: it sees what the INSERT sees. A transaction of another isolation level may see a state
# older than the INSERT itself, which says nothing about now.
_CREATE = """
CREATE FUNCTION pgjobs_must_ring(for_queue text) RETURNS boolean
LANGUAGE plpgsql STABLE AS $$
BEGIN
    PERFORM FROM pgjobs_doorbell WHERE for_queue = ANY (queues) LIMIT 1;
    RETURN FOUND OR current_setting('transaction_isolation') <> 'read committed';
END
$$;
COMMENT ON FUNCTION pgjobs_must_ring IS
    'Whether a worker that serves the queue is idle, as far as the current statement can see.';
"""
_DROP = "DROP FUNCTION pgjobs_must_ring(text)"


class Migration(migrations.Migration):
    dependencies = [("pgjobs", "0005_views")]

    operations = [migrations.RunSQL(_CREATE, _DROP)]
