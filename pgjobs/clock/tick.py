"""The tick: a periodic procrastinate task that fires schedules while a worker runs.

Procrastinate remembers only the newest run of a periodic task, so a worker that was paused would
run ticks of the past again. Therefore a tick carries no due times: it looks at ``next_run`` of each
schedule.
"""

from __future__ import annotations

import threading
import time
from typing import Final

from django.db import DatabaseError, Error, connections
from procrastinate.contrib.django import app as django_app

from pgjobs import events
from pgjobs.clock.procrastinate_thread import ProcrastinateThread
from pgjobs.clock.schedules import fire_due
from pgjobs.clock.synchronizing import synchronize
from pgjobs.jobs.system import system_jobs
from pgjobs.models.job_database import job_database
from pgjobs.sql import load

QUEUE: Final = "pgjobs.clock"
TASK: Final = "pgjobs.clock.tick"
PERIOD: Final = 3.0
"""Seconds between ticks. A tick also watches over the period that follows it, so that schedules are
fired on time. Only if the worker of a tick dies or is paused does a due time wait for the next
tick."""
_CRON: Final = "* * * * * */3"  # procrastinate's sixth field: seconds
_LOOK_AGAIN: Final = 2.0
"""Seconds after which a tick looks again: a starting worker may have changed a schedule."""

_stopping = threading.Event()


class Clock:
    """Brings schedules up to date when a worker starts, and drives the tick while it runs."""

    def __init__(self, *, burst: bool = False) -> None:
        self._burst = burst
        # A process that knows no system job needs no tick. This spares it the connections of
        # procrastinate, and half of its statements while it is idle.
        self._ticks = not burst and bool(system_jobs())
        self._thread = ProcrastinateThread(
            "pgjobs-clock",
            [QUEUE],
            delete_jobs="successful",  # ticks are many, and of no use once they have passed
            abort_job_polling_interval=3600.0,  # no tick is ever aborted
            on_lost=_fire_meanwhile,
        )

    def start(self) -> None:
        _stopping.clear()
        synchronize()
        _forget_lost_ticks()
        if self._burst:
            fire_due()
        elif self._ticks:
            self._thread.start()

    def drain(self) -> None:
        _stopping.set()
        if self._ticks:
            self._thread.drain()

    def has_ended(self) -> bool:
        return not (self._ticks and self._thread.is_alive())

    def stop(self, timeout: float) -> None:
        if self._ticks:
            self._thread.stop(timeout)

    def is_idle(self) -> bool:
        return True


def register_tick() -> None:
    """Make the tick known to procrastinate's Django app, and so to each of its workers."""
    if TASK not in django_app.tasks:
        task = django_app.task(name=TASK, queue=QUEUE, queueing_lock=TASK)(tick)
        django_app.periodic(cron=_CRON)(task)


def tick(timestamp: int) -> None:
    """Fire the schedules that are due now, and schedules that become due within one period."""
    until = time.monotonic() + PERIOD
    try:
        while True:
            due_in = fire_due()
            rest = min(
                _LOOK_AGAIN, until - time.monotonic(), _LOOK_AGAIN if due_in is None else due_in
            )
            if until <= time.monotonic() or _stopping.wait(max(rest, 0.01)):
                return
    except DatabaseError as error:
        events.tell(events.TickFailed(timestamp, error))


def _fire_meanwhile() -> None:
    """Fire the schedules that are due now, because procrastinate's worker has ended.

    Procrastinate notifies of each tick. If the server's queue of notifications is full, the server
    refuses each tick, and procrastinate's worker ends again and again.
    """
    try:
        fire_due()
    except Error:
        pass  # the server is away: the worker has ended for the same reason
    except Exception as error:  # it must not end the thread, which starts procrastinate again
        events.tell(events.TickFailed(int(time.time()), error))
    finally:
        connections[job_database()].close()


def _forget_lost_ticks() -> None:
    with connections[job_database()].cursor() as cursor:
        cursor.execute(load("clock/forget_lost_ticks"), {"queue": QUEUE})
