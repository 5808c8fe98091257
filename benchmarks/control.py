"""The control for the scaling of workers: pgbench clients update disjoint rows of the same table.

Each client updates rows of its own twice, as a claim and a record do, in batches and by their ids.
No client searches for rows or meets another client's rows, so the growth of the server's time with
the number of clients is PostgreSQL's own.
"""

from __future__ import annotations

from typing import Final

from benchmarks import load, pgbench, table
from benchmarks.app.jobs import Nothing
from benchmarks.floor import BATCH
from pgjobs.models import Job

_SCRIPT: Final = """
\\set next :next + {batch}
\\set first {first} + :client_id * {share} + :next
BEGIN\\; SET LOCAL synchronous_commit = off\\; {claim}\\; COMMIT;
{record};
"""
_ROWS: Final = "WHERE id = ANY (ARRAY(SELECT :first + n FROM generate_series(0, {batch} - 1) AS n))"
_CLAIM: Final = """
UPDATE pgjobs_job SET status = 'running', epoch = epoch + 1, attempt = attempt + 1,
worker_id = {worker}, started = statement_timestamp()
"""
_RECORD: Final = """
UPDATE pgjobs_job SET status = 'completed', started = statement_timestamp(),
completed = statement_timestamp()
"""


# No job has these ids. Workers have been up for long when their drain begins. So the control leaves
# out what new sessions cost: a first run starts as many sessions, plans the statements and updates
# no row.
_NOWHERE: Final = -(10**12)


def drain(clients: int, jobs: int) -> dict[str, float]:
    """Return the jobs a second of so many clients, and the server's processor time for each job.

    Each client has the same number of batches, so a few of the ``jobs`` may be left out.
    """
    table.clear()
    batch = min(BATCH, jobs // clients)
    batches = jobs // clients // batch
    share = batches * batch
    first = Nothing.enqueue_many({} for _ in range(share * clients))[0]
    worker = table.add_worker()
    rows = _ROWS.format(batch=batch)
    script = _SCRIPT.format(
        batch=batch,
        first=first,
        share=share,
        claim=_one_line(_CLAIM.format(worker=worker.pk) + rows),
        record=_one_line(_RECORD + rows),
    )
    _, sessions = _run(script, clients, batches=1, after=_NOWHERE)
    rate, served = _run(script, clients, batches=batches, after=-batch)
    completed = Job.objects.filter(status="completed").count()
    worker.delete()
    if completed != share * clients:
        raise RuntimeError(f"pgbench completed {completed} of {share * clients} jobs.")
    return {
        "jobs": completed,
        "per_second": rate * batch,
        "server_us": (served - sessions) / completed * 1e6,
    }


def _run(script: str, clients: int, *, batches: int, after: int) -> tuple[float, float]:
    """Return the batches a second, and the processor time of the server with its new sessions."""
    served = load.processor_seconds()
    rate = pgbench.transactions_per_second(
        script,
        clients=clients,
        options=["--transactions", str(batches), "--define", f"next={after}"],
        settings=pgbench.ENGINE_SETTINGS,
    )
    return rate, load.processor_seconds() - served


def _one_line(sql: str) -> str:
    return " ".join(sql.split())
