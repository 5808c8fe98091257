"""Announcing the end of a job: to its user by the notifier, and to receivers of ``job_end``."""

from __future__ import annotations

from typing import Any

from django.utils.module_loading import import_string

from pgjobs import events
from pgjobs.choices import JobNotification, JobStatus
from pgjobs.conf import get_settings
from pgjobs.signals import job_end

_followed: set[str] = set()


def follow(path: str) -> None:
    """Let workers announce the ends of the jobs of ``path``: something listens to `JobEnded`."""
    _followed.add(path)


def is_heard(job: Any) -> bool:
    """Return whether the end of ``job`` concerns its user, a receiver or a listener.

    A worker announces only these ends.
    """
    return job.user_id is not None or bool(job_end.receivers) or job.job_class in _followed


def announce_end(job: Any) -> None:
    """Notify the user of ``job`` if ``job.notifications`` asks for it, then send ``job_end``.

    Call it after the commit: before it, the end could still be rolled back. An exception of the
    notifier or of a receiver is logged, and changes nothing.
    """
    if job.user_id is not None and _is_wanted(job):
        _notify(job)
    events.tell(events.JobEnded(job))


def log(job: Any) -> None:
    """Write a line to the log: the default of ``PGJOBS["NOTIFIER"]``.

    A project's own notifier takes the finished ``Job`` too, and can send a mail.
    """
    events.tell(events.NotifiedByLog(job))


def _is_wanted(job: Any) -> bool:
    match job.notifications:
        case JobNotification.ALWAYS:
            return True
        case JobNotification.ON_FAILURE:
            return bool(job.status != JobStatus.COMPLETED)
    return False


def _notify(job: Any) -> None:
    try:
        import_string(get_settings().NOTIFIER)(job)
    except Exception as error:
        events.tell(events.NotifierFailed(job, error))
