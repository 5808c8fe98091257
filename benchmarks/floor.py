"""The floor: pgbench sends the engine's own claims and records, with no Python between them.

A worker can't do with less of the server's time than this, as long as every job has a row that is
updated twice. The table is fresh and the client alone, so which rows each claim takes is known.
"""

from __future__ import annotations

import time
from typing import Final

from benchmarks import caught, pgbench, table
from benchmarks.app.jobs import Nothing
from pgjobs.choices import JobStatus
from pgjobs.models import Job
from pgjobs.rows import statements
from pgjobs.rows.outcome import Outcome
from pgjobs.worker.claiming.claimer import Claimer
from pgjobs.worker.connection import SETTINGS

BATCH: Final = 500
_QUEUES: Final = ("high", "default", "low")
_RAN: Final = 0.01
"""Seconds before its record in which each job began and ended."""
_SCRIPT: Final = """
\\set first :first + {batch}
BEGIN\\; SET LOCAL synchronous_commit = off\\; {claim}\\; COMMIT;
{record};
"""


def per_second(jobs: int) -> float:
    """Return the jobs a second that one client claims and completes, in batches."""
    table.clear()
    Nothing.enqueue_many({} for _ in range(jobs))
    first = Job.objects.earliest("position")
    worker = table.add_worker()
    script = _SCRIPT.format(
        batch=BATCH, claim=_claim(worker.pk, first), record=_record(worker.pk, first)
    )
    rate = pgbench.transactions_per_second(
        script,
        clients=1,
        options=["--transactions", str(jobs // BATCH), "--define", f"first={-BATCH}"],
        settings={name: value.strip("'") for name, value in SETTINGS.items()},
    )
    worker.delete()
    if not table.is_drained():
        raise RuntimeError("pgbench did not claim and complete every job.")
    return rate * BATCH


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
    record = caught.statement(lambda engine: statements.record(engine.cursor(), [outcome] * BATCH))
    return record.as_sql(
        ids=f"ARRAY(SELECT :first + {first.pk} + n FROM generate_series(0, {BATCH - 1}) AS n)"
    )
