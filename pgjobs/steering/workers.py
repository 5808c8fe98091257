"""Orders to workers: to drain, or to restart.

A worker reads its order with its next heartbeat, on any machine.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from django.db import connections
from django.db.models import Q

from pgjobs import stats
from pgjobs.models import WorkerOrder, WorkerProcess
from pgjobs.models.job_database import job_database, tried_again
from pgjobs.sql import load
from pgjobs.steering.actor import UNNAMED, Actor
from pgjobs.steering.journal import acting
from pgjobs.storable import is_storable

_LOOK: Final = 0.2
"""Seconds between two looks for an answer."""


@dataclass(frozen=True, slots=True)
class Ordered:
    """The result of the order to one worker."""

    id: int
    name: str
    state: str
    was_given: bool
    """False if the worker has stopped or is dead."""


def drain(workers: Iterable[int], *, by: Actor = UNNAMED) -> list[Ordered]:
    """Order the workers with these ids to end once their running jobs have ended.

    They claim nothing more, and no new processes take their places. Ids that do not exist are left
    out of the result.
    """
    return _give(WorkerOrder.Kind.DRAIN, list(workers), by)


def restart(workers: Iterable[int], *, by: Actor = UNNAMED) -> list[Ordered]:
    """Order the same, and a new process with the code as it is on disk to take each place.

    A worker without a supervisor ends, and no process takes its place.
    """
    return _give(WorkerOrder.Kind.RESTART, list(workers), by)


@tried_again
def _give(kind: str, workers: list[int], by: Actor) -> list[Ordered]:
    with acting(str(kind), by=by) as entry, connections[job_database()].cursor() as cursor:
        cursor.execute(load("workers/give_order"), {"ids": workers, "kind": str(kind)})
        ordered = [Ordered(*row) for row in cursor.fetchall()]
        entry.subject = ", ".join(f"{each.name} ({each.id})" for each in ordered if each.was_given)
        entry.counted, entry.done = len(ordered), sum(each.was_given for each in ordered)
    return ordered


def living(*, queue: str | None = None) -> list[int]:
    """Return the ids of the living workers: all, or only the workers of ``queue``."""
    workers = stats.workers(job_database())
    return [each.id for each in workers if each.alive and queue in (None, *each.queues)]


def named(name: str) -> list[int]:
    """Return the id ``name``, or the ids of the workers with this name that have not stopped.

    With ``--processes`` the name of a supervisor stands for all its processes.
    """
    if not is_storable(name):
        return []
    rows = WorkerProcess.objects.using(job_database())
    if name.isdecimal() and len(name) < 19 and rows.filter(pk=int(name)).exists():
        return [int(name)]
    found = (
        rows.filter(stopped=None)
        .filter(Q(name=name) | Q(name__startswith=f"{name}."))
        .order_by("pk")
    )
    numbered = (each for each in found if each.name[len(name) + 1 :].isdecimal())
    exact = [each.pk for each in found if each.name == name]
    return exact or [each.pk for each in numbered]


def until_taken(workers: Sequence[int], *, timeout: float) -> list[int]:
    """Wait until each of ``workers`` obeys its order; return the workers that do not in time.

    A worker of an older release never obeys.
    """
    deadline = time.monotonic() + timeout
    while True:
        deaf = WorkerProcess.objects.using(job_database()).filter(
            pk__in=workers, draining=False, stopped=None
        )
        left = list(deaf.order_by("pk").values_list("pk", flat=True))
        if not left or time.monotonic() >= deadline:
            return left
        time.sleep(_LOOK)
