"""The failed attempts of a job, and its present or last attempt."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from django.db.models import Q
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext as _

from pgjobs.access import redacted_column
from pgjobs.choices import JobStatus
from pgjobs.limits import is_moment
from pgjobs.pages.job.tracebacks import Traceback
from pgjobs.rows.failure import shown

SHOWN_LINES: Final = 20
"""Log lines that stand with an attempt: its last ones."""
_TEXTS: Final = ("exception", "message", "traceback")
_LEEWAY: Final = timedelta(seconds=1)
"""Lines may be written a little before the moment that counts as the start."""


@dataclass(kw_only=True)
class Attempt:
    """One attempt. ``key`` tells it from another attempt with the same number."""

    key: int
    number: int | None
    before_retry: int = 0
    """The number of the retry after the attempt; 0 in the present run."""
    of_many: bool = False
    """Whether the job was retried more than once."""
    started: datetime | None = None
    ended: datetime | None = None
    worker: Any = None
    exception: str = ""
    message: str = ""
    text: str = ""
    status: str = ""
    """Set for the present or last attempt: the status of the job."""
    lines: list[Any] = field(default_factory=list)
    has_more_lines: bool = False

    @property
    def name(self) -> str:
        """The number, told apart from the attempts before a retry."""
        if self.number is None:
            return _("An attempt")
        if not self.before_retry:
            return _("Attempt %s") % self.number
        if not self.of_many:
            return _("Attempt %s (before the retry)") % self.number
        return _("Attempt %(number)s (before retry %(retry)s)") % {
            "number": self.number,
            "retry": self.before_retry,
        }

    @cached_property
    def traceback(self) -> Traceback | None:
        return Traceback.of(self.text) if self.text else None

    @property
    def short_exception(self) -> str:
        """The name of the exception without its module."""
        return self.exception.rpartition(".")[2]

    @property
    def took(self) -> timedelta | None:
        if self.started is None:
            return None
        return (self.ended or timezone.now()) - self.started

    @property
    def is_running(self) -> bool:
        return self.status == JobStatus.RUNNING

    @property
    def failed(self) -> bool:
        return bool(self.exception or self.message) and not self.is_running


def attempts_of(job: Any) -> list[Attempt]:
    """Return the attempts in their order, with the present or last attempt.

    ``job.errors`` has an entry for each failed attempt, whatever SQL by hand wrote there.
    """
    errors = redacted_column(job, "errors")
    entries = errors if isinstance(errors, list) else [errors]
    found = [_of_entry(key, entry) for key, entry in enumerate(entries, start=1)]
    _add_present(job, found)
    _number_retries(job, found)
    return found


def _of_entry(key: int, entry: Any) -> Attempt:
    if not isinstance(entry, dict):
        return Attempt(key=key, number=None, message=shown(entry, str))
    number = entry.get("attempt")
    said = {part: shown(entry.get(part) or "", str) for part in _TEXTS}
    return Attempt(
        key=key,
        number=number if isinstance(number, int) else None,
        started=_moment(entry.get("started")),
        ended=_moment(entry.get("ended")),
        worker=entry.get("worker"),
        exception=said["exception"],
        message=said["message"],
        text=said["traceback"],
    )


def _add_present(job: Any, found: list[Attempt]) -> None:
    """Add the present or last attempt, or mark the entry that is this attempt."""
    if job.started is None:
        return
    last = found[-1] if found else None
    if last is not None and last.number == job.attempt and not _began_after(job, last):
        last.status = job.status
        return
    found.append(
        Attempt(
            key=len(found) + 1,
            number=job.attempt,
            started=job.started,
            ended=job.completed,
            worker=job.worker_id,
            status=job.status,
            message=job.error.partition("\n")[0] if job.is_finished else "",
        )
    )


def _began_after(job: Any, entry: Attempt) -> bool:
    if entry.ended is None:
        return job.status in (JobStatus.RUNNING, JobStatus.COMPLETED)
    return bool(job.started >= entry.ended)


def _number_retries(job: Any, found: list[Attempt]) -> None:
    """Number the retries: after a retry, attempts count from 1 again."""
    runs: list[list[Attempt]] = []
    before = 0
    for attempt in found:
        number = before if attempt.number is None else attempt.number
        if not runs or (attempt.number is not None and number <= before):
            runs.append([])
        runs[-1].append(attempt)
        before = number
    if runs and job.started is None and job.attempt < before:
        runs.append([])  # it waits for its first attempt after the retry
    for retry, run in enumerate(runs[:-1], start=1):
        for attempt in run:
            attempt.before_retry, attempt.of_many = retry, len(runs) > 2


def share_lines(attempts: list[Attempt], lines: list[Any]) -> None:
    """Give each attempt the last of the ``lines`` that were written during it.

    Lines of an earlier run that ended well belong to no attempt: nothing else is left of it.
    """
    for line in lines:
        attempt = _at(attempts, line)
        if attempt is not None:
            attempt.lines.append(line)
    for attempt in attempts:
        attempt.has_more_lines = len(attempt.lines) > SHOWN_LINES
        attempt.lines = attempt.lines[-SHOWN_LINES:]


def lines_of(attempt: Attempt, attempts: list[Attempt]) -> Q:
    """Return the condition for the log lines that were written during ``attempt``."""
    wanted = Q(attempt=attempt.number)
    if attempt.started is not None:
        wanted &= Q(timestamp__gte=attempt.started - _LEEWAY)
    for other in attempts:
        if other.key > attempt.key and other.number == attempt.number and other.started:
            return wanted & Q(timestamp__lt=other.started - _LEEWAY)
    return wanted


def _at(attempts: list[Attempt], line: Any) -> Attempt | None:
    begun = [
        each
        for each in attempts
        if each.number == line.attempt
        and (each.started is None or each.started <= line.timestamp + _LEEWAY)
    ]
    return begun[-1] if begun else None


def _moment(text: Any) -> datetime | None:
    """Return a moment that a job can have, in UTC: PostgreSQL refuses some offsets."""
    try:
        written = datetime.fromisoformat(text)
        moment = None if timezone.is_naive(written) else written.astimezone(UTC)
    except (TypeError, ValueError, OverflowError):
        return None
    return moment if moment is not None and is_moment(moment) else None
