"""Which jobs an action is about: a value that the journal can hold and another worker can read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime, timedelta
from typing import Any, Final, Self

from django.db import router
from django.db.models import Q
from django.utils import timezone

from pgjobs import access, codec
from pgjobs.choices import JobStatus
from pgjobs.enqueueing.bounds import check_days
from pgjobs.enqueueing.references import object_key
from pgjobs.exceptions import InvalidArgument
from pgjobs.keys import LARGEST_KEY, key_of
from pgjobs.models import Job
from pgjobs.models.job_failures import failed_by
from pgjobs.models.job_queryset import JobQuerySet
from pgjobs.steering import comparing, texts, users
from pgjobs.steering.stored import MOMENTS, in_utc, loaded

MOST_IDS: Final = 10_000
"""Ids that a selection can hold."""
_OF_KEYS: Final = f"from 0 to {LARGEST_KEY}"
_OLDEST: Final = 365_000
"""Days. No job is so old, and an earlier moment may not exist."""


class UnknownFilter(InvalidArgument):
    """A stored selection has a filter that this code does not know, so its jobs are unknown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Filters of jobs. A job has to pass all that are given.

    Without any filter it selects no job. Moments are absolute, and
    job classes are whole paths, so it means the same jobs wherever it is read.
    """

    ids: tuple[int, ...] = ()
    status: tuple[str, ...] = ()
    queue: str = ""
    job_class: tuple[str, ...] = ()
    object: str = ""
    """As ``app.model:key``."""
    user: str = ""
    """The key of the user."""
    worker: int | None = None
    attempt: str = ""
    """A number of attempts, perhaps with a comparison before it: ``>1``."""
    since: datetime | None = None
    """Jobs that were created since this moment."""
    before: datetime | None = None
    """Jobs that were created before this moment."""
    ended: datetime | None = None
    """Jobs that have ended since this moment."""
    ended_before: datetime | None = None
    arg: Mapping[str, Any] = field(default_factory=dict)
    """Arguments that a job must have, among others."""
    name: str = ""
    """The beginning of the name, in either case of its letters."""
    error: str = ""
    """A part of the error, in either case of its letters."""
    failure: tuple[str, ...] = ()
    """The exception, and perhaps the frame, of the last failed attempt, as statistics have them."""
    text: tuple[str, ...] = ()
    """Texts that a job must have in its name, its class or its error, in either case."""

    def __post_init__(self) -> None:
        """Raise InvalidArgument for values that the filters can't have."""
        if len(self.ids) > MOST_IDS:
            raise InvalidArgument(
                f"ids must be at most {MOST_IDS:,} ids, not {len(self.ids):,}; give a filter."
            )
        self._check_keys()
        if unknown := set(self.status) - set(JobStatus.values):
            known = ", ".join(JobStatus.values)
            raise InvalidArgument(f"status must be one of {known}, not {min(unknown)!r}.")
        self._check_moments()
        self._check_texts()
        if self.arg:
            self._check_arguments()

    def _check_keys(self) -> None:
        if self.worker is not None and key_of(self.worker) is None:
            raise InvalidArgument(f"worker must be a key {_OF_KEYS}, not {self.worker!r:.100}.")
        for each in self.ids:
            if key_of(each) is None:
                raise InvalidArgument(f"ids must be keys {_OF_KEYS}, not {each!r:.100}.")

    def _check_moments(self) -> None:
        for name in MOMENTS:
            if (moment := getattr(self, name)) is not None:
                object.__setattr__(self, name, in_utc(name, moment))  # it is frozen

    def _check_texts(self) -> None:
        for name in ("queue", "error", "object", "name", "user"):
            codec.text(getattr(self, name), name)
        for name in ("job_class", "text", "failure"):
            for each in getattr(self, name):
                codec.text(each, name)
        if self.object:
            texts.named_object(self.object)
        if len(self.failure) > 2:
            raise InvalidArgument("failure must be an exception, and perhaps a frame.")
        if self.attempt:
            comparing.condition("attempt", self.attempt)
        if self.user:
            users.key("user", self.user)

    def _check_arguments(self) -> None:
        try:
            access.with_arguments(dict(self.arg), self.job_class or None)
        except InvalidArgument as error:
            raise InvalidArgument(f"arg: {error}") from None

    @classmethod
    def of_texts(cls, given: Mapping[str, Any]) -> Self:
        """Return the selection that people write as texts, as in a command or in a URL.

        ``given`` may hold other names and empty values. Raises InvalidArgument, whose message
        begins with the name of the filter.
        """
        values = {name: given[name] for name in _READERS if given.get(name) not in (None, "", [])}
        return cls(**{name: _READERS[name](value) for name, value in values.items()})

    @classmethod
    def ended_long_ago(cls, days: int) -> Self:
        """Return the selection of the jobs that ended more than ``days`` ago.

        Raises InvalidArgument unless ``days`` is a whole number from 0 to 1,000,000.
        """
        age = timedelta(days=min(check_days(days), _OLDEST))
        return cls(ended_before=timezone.now() - age)

    @classmethod
    def from_json(cls, stored: Any) -> Self:
        """Return the selection that ``to_json()`` wrote, perhaps by other code.

        Raises UnknownFilter for a filter that this code does not know, and InvalidArgument for a
        value that it can't read.
        """
        if not isinstance(stored, dict):
            raise InvalidArgument(f"A filter must be a JSON object, not {stored!r:.80}.")
        known = {each.name for each in fields(cls)}
        if unknown := sorted(stored.keys() - known):
            raise UnknownFilter(f"This version does not know the filter {unknown[0]!r}.")
        try:
            selection = cls(**{name: loaded(name, value) for name, value in stored.items()})
            if selection.to_json() != stored:
                raise ValueError("a value is of another kind")
        except (TypeError, ValueError, AttributeError) as error:
            raise InvalidArgument(f"The filter {stored!r:.200} can't be read: {error}") from error
        return selection

    def to_json(self) -> dict[str, Any]:
        """Return the given filters as JSON."""
        return {name: _dump(value) for name, value in self._given().items()}

    @property
    def is_empty(self) -> bool:
        """Whether no filter is given, so that no job is selected."""
        return not self._given()

    def jobs(self, jobs: JobQuerySet[Job] | None = None) -> JobQuerySet[Job]:
        """Return the ``jobs``, by default of all jobs, that pass the filters."""
        jobs = all_jobs() if jobs is None else jobs
        given = self._given()
        if not given:
            return jobs.none()
        if "arg" in given:
            arguments = dict(given.pop("arg"))
            jobs = jobs.filter(access.with_arguments(arguments, self.job_class or None))
        for name, value in given.items():
            jobs = jobs.filter(_CONDITIONS[name](value))
        return jobs

    def _given(self) -> dict[str, Any]:
        values = {each.name: getattr(self, each.name) for each in fields(self)}
        return {name: value for name, value in values.items() if value != _EMPTY[name]}


_EMPTY: Final = {each.name: getattr(Selection(), each.name) for each in fields(Selection)}


def all_jobs() -> JobQuerySet[Job]:
    """Return all jobs, as the database that is written to has them: a replica may be late."""
    return Job.objects.using(router.db_for_write(Job))


def _dump(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    return list(value) if isinstance(value, tuple) else value


def _with_texts(texts: tuple[str, ...]) -> Q:
    found = Q()
    for text in texts:
        in_error = ~Q(error="") & Q(error__icontains=text)
        found &= Q(name__icontains=text) | Q(job_class__icontains=text) | in_error
    return found


_CONDITIONS: Final[dict[str, Callable[[Any], Q]]] = {
    "ids": lambda ids: Q(pk__in=ids),
    "status": lambda statuses: Q(status__in=statuses),
    "queue": lambda name: Q(queue_name=name),
    "job_class": lambda paths: Q(job_class__in=paths),
    "object": lambda text: Q(**object_key(texts.named_object(text))),
    "user": lambda text: Q(user=users.key("user", text)),
    "worker": lambda worker: Q(worker=worker),
    "attempt": lambda text: comparing.condition("attempt", text),
    "since": lambda moment: Q(created__gte=moment),
    "before": lambda moment: Q(created__lt=moment),
    "ended": lambda moment: Q(completed__gte=moment),
    "ended_before": lambda moment: Q(completed__lt=moment),
    "failure": lambda kind: failed_by(*kind),
    "name": lambda text: Q(name__istartswith=text),
    # PostgreSQL compares with '' first, which is cheap, and most jobs have no error.
    "error": lambda text: ~Q(error="") & Q(error__icontains=text),
    "text": _with_texts,
}
"""The condition of each filter."""

_READERS: Final[dict[str, Callable[[Any], Any]]] = {
    "ids": tuple,
    "status": tuple,
    "queue": lambda text: codec.text(text, "queue"),
    "job_class": lambda end: tuple(texts.classes(codec.text(end, "class"))),
    "object": str,
    "user": lambda text: users.named("user", codec.text(str(text), "user")),
    "worker": int,
    "attempt": lambda text: codec.text(str(text), "attempt"),
    "since": lambda text: texts.moment("since", text),
    "before": lambda text: texts.moment("before", text),
    "ended": lambda text: texts.moment("ended", text),
    "ended_before": lambda text: texts.moment("ended_before", text),
    "arg": lambda pairs: dict(map(texts.argument, pairs)),
    "name": lambda text: codec.text(text, "name"),
    "error": lambda text: codec.text(text, "error"),
    "failure": lambda text: texts.failure(codec.text(text, "failure")),
    "text": lambda words: tuple(codec.text(each, "text") for each in words),
}
"""The value of each filter from the texts that people write."""
