"""The options of a job class: its ``class Meta``."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from typing import Any, Final, NamedTuple, TypeGuard

from django.utils.functional import Promise

from pgjobs import retry
from pgjobs.choices import JobIsolation
from pgjobs.conf import are_patterns
from pgjobs.showing import brief, did_you_mean
from pgjobs.storable import is_storable

_DEFAULT_BACKOFF = retry.exponential()

ExceptionClasses = type[BaseException] | tuple[type[BaseException], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class JobOptions:
    """The options that ``class Meta`` of a job class may set.

    A call of ``enqueue()`` may override the queue, the priority, the timeout and
    ``max_attempts``.
    """

    name: str = ""
    """The name that people read. By default that of the class. It is inherited, as in NetBox."""
    description: str = ""
    queue: str | None = None
    """The queue of the jobs. By default ``QUEUE_MAPPINGS`` gives it."""
    priority: int = 0
    """The order inside a queue, from -32768 to 32767; the largest comes first."""
    timeout: int | None = None
    """Seconds that ``run()`` may take. By default ``PGJOBS["DEFAULT_TIMEOUT"]``."""
    max_attempts: int = 1
    """How often the job may be tried, the first attempt included."""
    backoff: retry.Backoff = _DEFAULT_BACKOFF
    """Takes the number of the failed attempt and returns the wait before the next one, as a
    timedelta; see ``pgjobs.retry``."""
    retry_on: ExceptionClasses = Exception
    """Exceptions after which the job is tried again."""
    fail_on: ExceptionClasses = ()
    """Exceptions that end the job as failed, even if attempts are left."""
    on_interrupt: str = "requeue"
    """If a job loses its worker, ``requeue`` runs it again. ``error`` ends it as errored, for work
    that must not be repeated."""
    atomic: bool = False
    """Whether the work and the job's completion commit in one transaction. Then the effects of a
    completed job in this database happen exactly once, even if workers die."""
    isolation: str | None = None
    """Where a worker runs the job: in a ``thread`` beside other jobs, in a ``process`` that runs
    one job after the other, or in a ``fresh_process``. ``PGJOBS["ISOLATION"]`` is the default."""
    memory_limit: int | None = None
    """MiB of resident memory that the process of the job may use. The worker looks five times a
    second, and ends the process of a job that uses more. It needs an isolation with a process."""
    editable_schedule: bool = False
    """Whether operators may edit the rule of this system job. Their rule outlives deploys."""

    sensitive: Sequence[str] = ()
    """Arguments of ``run()`` that no page, command or view shows, also as keys at any depth. They
    are written like ``PGJOBS["REDACT"]``, and add to it."""
    launchable: bool = False
    """Whether code outside the project, such as a client of a web interface, may enqueue it."""

    @classmethod
    def of(cls, job_class: type) -> JobOptions:
        """Return the options of ``job_class``; each comes from the nearest ancestor that sets it.

        Raises TypeError for an option that does not exist or has a wrong value.
        """
        options: dict[str, Any] = {}
        for ancestor in reversed(job_class.__mro__):
            if (meta := vars(ancestor).get("Meta")) is not None:
                _check_is_class(meta, ancestor.__qualname__)
                # The attributes come from vars(), so a backoff that is written as a function in
                # Meta stays this function.
                options |= {key: value for key, value in _attributes(meta) if key[0] != "_"}
        _check_names(
            options,
            [field.name for field in fields(cls)],
            f"{job_class.__qualname__}.Meta",
            "a job class",
        )
        _check(options, f"{job_class.__qualname__}.Meta.")
        return cls(**options)

    @classmethod
    def of_function(
        cls, function: str, options: dict[str, Any], known: Sequence[str]
    ) -> JobOptions:
        """Return the ``options`` of the ``function``; ``known`` are the names that it may have.

        Raises TypeError for an option that does not exist or has a wrong value.
        """
        _check_names(options, known, function, "a function")
        _check(options, f"{function}: ")
        return cls(**options)


OF_FUNCTIONS: Final = tuple(field.name for field in fields(JobOptions))
"""The options of ``@pgjobs.job``, the same as in ``class Meta``."""


NAME_LIMIT: Final = 200
"""Characters that the name of a job may have: the length of the column."""


def naming_class(job_class: type) -> type | None:
    """Return the class whose ``Meta`` names ``job_class``, an ancestor or ``job_class`` itself.

    Return None if ``job_class`` has the name of the class.
    """
    for ancestor in job_class.__mro__:
        meta = vars(ancestor).get("Meta")
        if meta is not None and "name" in dict(_attributes(meta)):
            return ancestor
    return None


def is_name(value: Any) -> bool:
    """Return whether the column ``name`` takes ``value``."""
    return _is_storable_text(value) and len(value) <= NAME_LIMIT


def _is_storable_text(value: Any) -> TypeGuard[str]:
    return _is_text(value) and is_storable(value)


def _is_text(value: Any) -> TypeGuard[str]:
    return issubclass(type(value), str)  # a lazy object passes for a text, but psycopg refuses it


def _are_exceptions(given: Any) -> bool:
    classes = given if isinstance(given, tuple) else (given,)
    return all(isinstance(each, type) and issubclass(each, BaseException) for each in classes)


def _attributes(meta: type) -> Iterator[tuple[str, Any]]:
    for ancestor in reversed(meta.__mro__):
        yield from vars(ancestor).items()


def _check_is_class(meta: Any, owner: str) -> None:
    if not isinstance(meta, type):
        raise TypeError(f"{owner}.Meta must be a class, not {brief(meta)}: write class Meta: …")


def _check_names(options: Iterable[str], known: Sequence[str], owner: str, kind: str) -> None:
    for option in options:
        if option not in known:
            raise TypeError(
                f"{owner} has {option!r}, which is not an option of {kind}."
                f"{did_you_mean(option, known)} The options are: {', '.join(known)}."
            )


def _check(options: dict[str, Any], owner: str) -> None:
    for option, value in options.items():
        if option in _ALLOWED and not _ALLOWED[option].accepts(value):
            raise TypeError(
                f"{owner}{option} must be {_ALLOWED[option].words}, not {brief(value)}."
            )
    if options.get("memory_limit") and options.get("isolation") == JobIsolation.THREAD:
        raise TypeError(
            f"{owner}memory_limit limits the process of a job, but its isolation is 'thread'. "
            "Set isolation to 'process' or 'fresh_process'."
        )


class _Allowed(NamedTuple):
    words: str
    accepts: Callable[[Any], bool]


_ALLOWED: Final[dict[str, _Allowed]] = {
    "name": _Allowed(
        f"a text of at most {NAME_LIMIT} characters without NUL and lone surrogates, "
        "or a lazy translation",
        lambda value: isinstance(value, Promise) or is_name(value),
    ),
    "description": _Allowed(
        "a text without NUL and lone surrogates, or a lazy translation",
        lambda value: isinstance(value, Promise) or _is_storable_text(value),
    ),
    "queue": _Allowed(
        "the name of a queue or None", lambda value: value is None or _is_text(value)
    ),
    "backoff": _Allowed("a function, such as pgjobs.retry.exponential()", callable),
    "retry_on": _Allowed("an exception class or a tuple of them", _are_exceptions),
    "fail_on": _Allowed("an exception class or a tuple of them", _are_exceptions),
    "on_interrupt": _Allowed("'requeue' or 'error'", lambda value: value in ("requeue", "error")),
    "atomic": _Allowed("True or False", lambda value: isinstance(value, bool)),
    "editable_schedule": _Allowed("True or False", lambda value: isinstance(value, bool)),
    "isolation": _Allowed(
        f"one of {', '.join(JobIsolation.values)}, or None",
        lambda value: value is None or value in JobIsolation.values,
    ),
    "sensitive": _Allowed("a list or tuple of names of arguments", are_patterns),
    "launchable": _Allowed("True or False", lambda value: isinstance(value, bool)),
    "memory_limit": _Allowed(
        "a whole number of MiB from 1, or None",
        lambda value: value is None or (type(value) is int and value >= 1),
    ),
}
"""What each option allows. The bounds of numbers are those of ``pgjobs.enqueueing.bounds``."""
