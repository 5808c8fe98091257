"""Django signals that tell a project of its jobs.

A receiver gets the job, an instance of ``pgjobs.models.Job``, both as ``sender`` and as ``job``.
NetBox sends its signals with the job as ``sender`` as well. An exception in a receiver is logged
and does not change the job. No part of pgjobs depends on a receiver.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.dispatch import Signal

from pgjobs import events

job_enqueued = Signal()
"""Sent when a job was inserted and its transaction has committed.

Not sent for ``enqueue_many()``, immediate jobs and successors.
"""

job_start = Signal()
"""Sent just before ``run()`` begins, in the thread that runs the job or drives its coroutine."""

job_end = Signal()
"""Sent when a job has finished and this is committed; ``job.status`` is its final status.

Not sent for a job that is cancelled while it waits, nor for an immediate job that lost its process.
"""

job_rescued = Signal()
"""Sent when the job of a lost worker was taken back and this is committed.

``job.status`` is pending if the job runs again, errored if it is given up, and cancelled if its
cancellation was requested. A job that is finished by it is told of by ``job_end`` too.
"""


def _sender(signal: Signal) -> Callable[[Any], None]:
    """Return a listener that sends ``signal`` for the job of an event."""

    def send(event: Any) -> None:
        if not signal.receivers:
            return
        for receiver, answer in signal.send_robust(sender=event.job, job=event.job):
            if isinstance(answer, Exception):
                events.tell(events.ReceiverFailed(receiver, event.job, answer))

    return send


events.listen(events.JobEnqueued, _sender(job_enqueued))
events.listen(events.JobStarted, _sender(job_start))
events.listen(events.JobEnded, _sender(job_end))
events.listen(events.JobRescued, _sender(job_rescued))
