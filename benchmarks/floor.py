"""The floor: pgbench sends the engine's own claims and records, with no Python between them.

A worker can't do with less of the server's time than this, as long as every job has a row that is
updated twice. The table is fresh and the client alone, so which rows each claim takes is known.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from benchmarks import pgbench, table
from benchmarks.app.jobs import Nothing
from pgjobs.models import Job
from pgjobs.sql import load
from pgjobs.worker.claiming import claimer
from pgjobs.worker.connection import SETTINGS

BATCH: Final = 500
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
    values = {
        "queues": "ARRAY['high', 'default', 'low']",
        "priorities": "ARRAY[0, 0, 0]",
        "floors": f"ARRAY[0, :first + {first.position}, 0]",
        "limit": BATCH,
        "worker": worker,
        "paused": "'{}'",
    }
    return _on_one_line(claimer.CLAIM, values)


def _record(worker: int, first: Job) -> str:
    values = {
        "ids": f"ARRAY(SELECT :first + {first.pk} + n FROM generate_series(0, {BATCH - 1}) AS n)",
        "epochs": _all("1"),
        "workers": _all(f"{worker}::bigint"),
        "statuses": _all("'completed'::text"),
        "began": _all("0.01::float8"),
        "ended": _all("0.01::float8"),
        "errors": _all("''::text"),
        "failures": _all("NULL::text"),
        "data": _all("NULL::text"),
        "results": _all("NULL::text"),
        "delays": _all("NULL::float8"),
        "due": _all("NULL::timestamptz"),
        "attempts_back": _all("0"),
        "interruptions": _all("0"),
    }
    return _on_one_line(load("record"), values)


def _all(value: str) -> str:
    return f"array_fill({value}, ARRAY[{BATCH}])"


def _on_one_line(statement: str, values: Mapping[str, object]) -> str:
    return " ".join((statement % values).split())
