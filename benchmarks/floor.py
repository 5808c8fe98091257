"""The floor: pgbench sends the engine's own claims and records, with no Python between them.

A worker can't do with less of the server's time than this, as long as every job has a row that is
updated twice. The table is fresh and nothing else claims, so the rows of each claim are known.

One client claims and records in turn. A worker has a connection for claims and another one for
records, so it can be faster than this client. Two clients share the work as these connections do.
"""

from __future__ import annotations

import time
from typing import Final

from benchmarks import caught, pgbench, table
from benchmarks.app.jobs import Nothing
from pgjobs.choices import JobStatus
from pgjobs.models import Job
from pgjobs.rows.outcome import Outcome
from pgjobs.rows.record import record_plain
from pgjobs.worker.claiming.claimer import Claimer

BATCH: Final = 500
_QUEUES: Final = ("high", "default", "low")
_RAN: Final = 0.01
"""Seconds before its record in which each job began and ended."""
_CLAIM: Final = "BEGIN\\; SET LOCAL synchronous_commit = off\\; {claim}\\; COMMIT;"
_IN_TURN: Final = f"""
\\set first :first + {BATCH}
{_CLAIM}
{{record}};
"""
# A claim takes the whole batch, so a batch is claimed if its last job is.
_SIDE_BY_SIDE: Final = f"""
\\set first :first + {BATCH}
\\if :client_id = 0
{_CLAIM}
\\else
DO $$BEGIN
WHILE (SELECT status FROM pgjobs_job WHERE id = :first + {{last}}) <> 'running' LOOP
PERFORM pg_sleep(0.0002); END LOOP; END$$;
{{record}};
\\endif
"""


def in_turn(jobs: int) -> float:
    """Return the jobs a second that one client claims and completes, in batches."""
    return _per_second(jobs, _IN_TURN, clients=1)


def side_by_side(jobs: int) -> float:
    """Return the jobs a second of two clients: one claims, the other records after it."""
    return _per_second(jobs, _SIDE_BY_SIDE, clients=2)


def _per_second(jobs: int, script: str, *, clients: int) -> float:
    table.clear()
    Nothing.enqueue_many({} for _ in range(jobs))
    first = Job.objects.earliest("position")
    worker = table.add_worker()
    rate = pgbench.transactions_per_second(
        script.format(
            claim=_claim(worker.pk, first),
            record=_record(worker.pk, first),
            last=first.pk + BATCH - 1,
        ),
        clients=clients,
        options=["--transactions", str(jobs // BATCH), "--define", f"first={-BATCH}"],
        settings=pgbench.ENGINE_SETTINGS,
    )
    worker.delete()
    if not table.is_drained():
        raise RuntimeError("pgbench did not claim and complete every job.")
    return rate * BATCH / clients  # each client has a transaction for each batch


def _claim(worker: int, first: Job) -> str:
    claim = caught.statement(
        lambda engine: Claimer(engine, _QUEUES).claim(limit=BATCH, worker=worker)
    )
    floors = [
        f":first + {first.position}" if queue == first.queue_name else "0"
        for queue in claim.parameters["queues"]
    ]
    return claim.as_sql(floors=f"ARRAY[{', '.join(floors)}]")


def _record(worker: int, first: Job) -> str:
    """Return the record of one batch; only the ids differ from one batch to the next."""
    began = time.monotonic() - _RAN
    outcome = Outcome(
        job_id=first.pk,
        epoch=1,
        worker_id=worker,
        status=JobStatus.COMPLETED,
        began=began,
        ended=began,
    )
    outcomes = [outcome] * BATCH
    record = caught.statement(lambda engine: record_plain(engine.cursor(), outcomes, moments=False))
    return record.as_sql(
        ids=f"ARRAY(SELECT :first + {first.pk} + n FROM generate_series(0, {BATCH - 1}) AS n)"
    )
