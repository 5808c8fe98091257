"""Telling the world that a job has ended: the signal, and the user who asked for it."""

from __future__ import annotations

import logging
from typing import Any

from django.utils.module_loading import import_string

from pgjobs import events
from pgjobs.choices import JobNotification, JobStatus
from pgjobs.conf import get_settings

logger = logging.getLogger("pgjobs.notifications")


def announce_end(job: Any) -> None:
    """Notify the user if the job asks for it, then send ``job_end``. Call it after the commit."""
    if job.user_id is not None and _is_wanted(job):
        _notify(job)
    events.tell(events.JobEnded(job))


def log(job: Any) -> None:
    """The default ``PGJOBS["NOTIFIER"]``: a line for the log, where projects send a mail."""
    logger.info("user=%s job=%s name=%r ended %s", job.user_id, job.pk, job.name, job.status)


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
