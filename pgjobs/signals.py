"""Signals inform; nothing in pgjobs depends on a receiver.

All are sent robustly and after the fact is committed, with the job both as
``sender`` (as NetBox does it) and as ``job``. An exception in a receiver is
logged and changes nothing about the job.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.dispatch import Signal

from pgjobs import events

job_enqueued = Signal()
"""A job was inserted and its transaction committed. Not sent by ``enqueue_many()``."""

job_start = Signal()
"""``run()`` is about to begin, in the thread that will run it."""

job_end = Signal()
"""An attempt's outcome was recorded and the job is finished; ``job.status`` tells how."""

job_rescued = Signal()
"""A dead worker's job was taken back (``job.status`` pending) or given up (errored)."""


def _send(signal: Signal) -> Callable[[Any], None]:
    def send(event: Any) -> None:
        if not signal.receivers:
            return
        for receiver, answer in signal.send_robust(sender=event.job, job=event.job):
            if isinstance(answer, Exception):
                events.tell(events.ReceiverFailed(receiver, event.job, answer))

    return send


events.listen(events.JobEnqueued, _send(job_enqueued))
events.listen(events.JobStarted, _send(job_start))
events.listen(events.JobEnded, _send(job_end))
events.listen(events.JobRescued, _send(job_rescued))
