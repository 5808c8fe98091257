"""The options of a job class: its ``class Meta``."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Any

from pgjobs import retry

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

    @classmethod
    def of(cls, job_class: type) -> JobOptions:
        """Return the options of ``job_class``; each comes from the nearest ancestor that sets it.

        Raises TypeError for an option that does not exist or has a wrong value.
        """
        options: dict[str, Any] = {}
        for ancestor in reversed(job_class.__mro__):
            if (meta := vars(ancestor).get("Meta")) is not None:
                # The attributes come from vars(), so a backoff that is written as a function in
                # Meta stays this function.
                options |= {key: value for key, value in _attributes(meta) if key[0] != "_"}
        known = [field.name for field in fields(cls)]
        for option in options:
            if option not in known:
                raise TypeError(
                    f"{job_class.__qualname__}.Meta has {option!r}, which is not an option of a "
                    f"job class. The options are: {', '.join(known)}."
                )
        if options.get("on_interrupt", "requeue") not in ("requeue", "error"):
            raise TypeError(
                f"{job_class.__qualname__}.Meta.on_interrupt must be 'requeue' or 'error', "
                f"not {options['on_interrupt']!r}."
            )
        for option in ("retry_on", "fail_on"):
            if not _are_exceptions(options.get(option, ())):
                raise TypeError(
                    f"{job_class.__qualname__}.Meta.{option} must be an exception class or a tuple "
                    f"of them, not {options[option]!r}."
                )
        return cls(**options)


def _are_exceptions(given: Any) -> bool:
    classes = given if isinstance(given, tuple) else (given,)
    return all(isinstance(each, type) and issubclass(each, BaseException) for each in classes)


def _attributes(meta: type) -> Iterator[tuple[str, Any]]:
    for ancestor in reversed(meta.__mro__):
        yield from vars(ancestor).items()
