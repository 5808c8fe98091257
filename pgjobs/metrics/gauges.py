"""The gauges: the present state of queues, workers and system jobs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from pgjobs.metrics import families
from pgjobs.metrics.families import Labels, Values
from pgjobs.metrics.names import bounded
from pgjobs.models import Pause
from pgjobs.stats import Backlog, ScheduleRow, WorkerRow

LIVE: Final = ("pending", "scheduled", "running")
WORKER_STATES: Final = ("alive", "draining", "silent", "dead")
SCHEDULE_STATES: Final = ("on_time", "late", "off")


def of_queues(backlog: Sequence[Backlog], workers: Sequence[WorkerRow]) -> Iterator[Values]:
    """Yield the jobs, the longest wait and the workers of each queue that has any of them.

    Each queue has a value for each status, even if it is 0: an expression over an absent series
    gives no result, and an alert on it would never fire.
    """
    served = [queue for worker in workers if worker.alive for queue in worker.queues]
    names = {*served, *(each.queue for each in backlog)}
    label = bounded(names)
    queues = sorted({label(name) for name in names})
    jobs: dict[Labels, float] = {(queue, status): 0 for queue in queues for status in LIVE}
    waits = dict.fromkeys(queues, 0.0)
    for each in backlog:
        queue = label(each.queue)
        for status in LIVE:
            jobs[queue, status] += getattr(each, status)
        if each.oldest_wait is not None:
            waits[queue] = max(waits[queue], each.oldest_wait.total_seconds())
    workers_of = Counter(label(queue) for queue in served)
    yield Values(families.JOBS, jobs)
    yield Values(families.OLDEST_WAIT, {(queue,): wait for queue, wait in waits.items()})
    yield Values(families.QUEUE_WORKERS, {(queue,): workers_of[queue] for queue in queues})


def of_workers(workers: Sequence[WorkerRow]) -> Iterator[Values]:
    """Yield the workers by state, and the slots and the claimed jobs of the living ones."""
    states = Counter(worker.state for worker in workers)
    alive = [worker for worker in workers if worker.alive]
    yield Values(families.WORKERS, {(state,): states[state] for state in WORKER_STATES})
    yield Values(families.SLOTS, {(): sum(worker.slots for worker in alive)})
    yield Values(families.CLAIMED, {(): sum(worker.running for worker in alive)})


def of_pauses(pauses: Iterable[tuple[str, str]]) -> Iterator[Values]:
    """Yield a 1 for each queue and each paused job class; the others are absent."""
    found = sorted(pauses)
    for family, kind in (
        (families.QUEUE_PAUSED, Pause.Kind.QUEUE),
        (families.CLASS_PAUSED, Pause.Kind.JOB_CLASS),
    ):
        names = [name for each, name in found if each == kind]
        label = bounded(names)
        yield Values(family, {(label(name),): 1 for name in names})


def of_schedules(schedules: Sequence[ScheduleRow]) -> Values:
    """Return the system jobs by state."""
    states = Counter(_state_of(schedule) for schedule in schedules)
    return Values(families.SCHEDULES, {(state,): states[state] for state in SCHEDULE_STATES})


def _state_of(schedule: ScheduleRow) -> str:
    if not schedule.fires:
        return "off"
    return "late" if schedule.overdue_by else "on_time"
