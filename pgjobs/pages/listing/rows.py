"""The rows of the table: each job with its object, its error and the reason why it waits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import router
from django.db.models.functions import Left
from django.utils import timezone
from django.utils.translation import gettext

from pgjobs import stats
from pgjobs.choices import JobStatus
from pgjobs.models import Job, Pause
from pgjobs.models.job_objects import find_objects
from pgjobs.pages import spans
from pgjobs.rows.columns import WIDE
from pgjobs.rows.failure import shown

LONGEST_ERROR: Final = 4000
"""Characters of an error that a row of the list opens to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A job in the table."""

    job: Any
    object: str
    kind: str
    """The name of the object's model."""
    tone: str
    """The colour of the status."""
    status: str
    note: str
    """Why the job waits, or that it is told to stop."""
    message: str
    """What a running job said last."""
    is_held: bool
    """Whether nothing will start the job until a person acts."""
    error: str
    error_line: str
    waited: timedelta | None
    ran: timedelta | None
    percent: int | None

    @property
    def opens(self) -> bool:
        """Whether the error is more than a line of the table may show."""
        return len(self.error) > 60 or self.error != self.error_line


@dataclass(frozen=True, slots=True)
class _Surroundings:
    """What all waiting jobs of a page depend on."""

    queues: frozenset[str]
    """The paused queues."""
    classes: frozenset[str]
    """The paused job classes."""
    served: frozenset[str]
    """The queues that a living worker serves."""
    now: datetime

    @classmethod
    def seen(cls) -> _Surroundings:
        paused = set(Pause.objects.values_list("kind", "name"))
        return cls(
            queues=frozenset(name for kind, name in paused if kind == Pause.Kind.QUEUE),
            classes=frozenset(name for kind, name in paused if kind == Pause.Kind.JOB_CLASS),
            served=stats.served_queues(),
            now=timezone.now(),
        )

    def why(self, job: Job) -> tuple[str, bool]:
        """Return why a waiting job waits, and whether it will not start by itself."""
        if job.queue_name in self.queues:
            return gettext("paused queue"), True
        if job.job_class in self.classes:
            return gettext("paused class"), True
        if job.status == JobStatus.SCHEDULED and job.scheduled and job.scheduled > self.now:
            span = spans.rough((job.scheduled - self.now).total_seconds())
            if job.attempt:
                return gettext("again in %s") % span, False
            return gettext("in %s") % span, False
        if job.queue_name not in self.served:
            return gettext("no worker"), True
        return "", False


def rows_of(ids: Sequence[int]) -> list[Row]:
    """Return the rows of the jobs of ``ids`` that still exist, in this order."""
    using = router.db_for_read(Job)
    jobs: Any = Job.objects.using(using).filter(pk__in=ids).select_related("object_type", "user")
    found = {
        job.pk: job
        for job in jobs.defer(*WIDE).annotate(whole_error=Left("error", LONGEST_ERROR)).order_by()
    }
    figures = stats.figures(found, using) if found else {}
    listed = [found[key] for key in ids if key in figures and key in found]
    find_objects(listed)
    around = _Surroundings.seen()
    return [_row(job, figures[job.pk], around) for job in listed]


def _row(job: Any, figures: stats.JobFigures, around: _Surroundings) -> Row:
    status = JobStatus(job.status)
    is_running = status == JobStatus.RUNNING
    note, is_held = around.why(job) if job.is_waiting else ("", False)
    if is_running and job.cancel_requested:
        note = gettext("told to stop")
    error = job.whole_error.strip()
    return Row(
        job=job,
        object=_object(job, figures),
        kind=_kind(job),
        tone="gray" if is_held else status.color,
        status=str(status.label),
        note=note,
        message=str(figures.progress_message or "")[:200] if is_running else "",
        is_held=is_held,
        error=error,
        error_line=error.partition("\n")[0].strip(),
        waited=figures.late_by,
        ran=figures.duration,
        percent=figures.progress_percent if is_running else None,
    )


def _object(job: Any, figures: stats.JobFigures) -> str:
    if job.found_object is None:
        return str(figures.object or "")
    return shown(job.found_object, str) or str(figures.object or "")


def _kind(job: Any) -> str:
    return "" if job.found_object is None else str(type(job.found_object)._meta.verbose_name)
