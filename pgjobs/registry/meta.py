"""What ``class Meta`` of a job class may say."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Any

from pgjobs import retry

_DEFAULT_BACKOFF = retry.exponential()

ExceptionClasses = type[BaseException] | tuple[type[BaseException], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class JobOptions:
    """What ``class Meta`` of a job class says; each can be overridden by ``enqueue()``."""

    name: str = ""
    """What people read; the class's own name when left out. Inherited, as in NetBox."""
    description: str = ""
    queue: str | None = None
    """The queue, before ``QUEUE_MAPPINGS`` is asked."""
    priority: int = 0
    """Order inside one queue; larger is sooner; -32768 to 32767."""
    timeout: int | None = None
    """Seconds; ``PGJOBS["DEFAULT_TIMEOUT"]`` when left out."""
    max_attempts: int = 1
    """Tries altogether, the first included."""
    backoff: retry.Backoff = _DEFAULT_BACKOFF
    """From the attempt that failed to the wait before the next; see ``pgjobs.retry``."""
    retry_on: ExceptionClasses = Exception
    """Exceptions that are worth another attempt."""
    fail_on: ExceptionClasses = ()
    """Exceptions that end the job as failed, whatever attempts are left."""
    on_interrupt: str = "requeue"
    """What becomes of a job whose worker died: ``requeue``, or ``error`` for work that must not
    be repeated."""
    atomic: bool = False
    """Commit the work and the job's completion in one transaction: database effects happen
    exactly once, whatever dies."""

    @classmethod
    def of(cls, job_class: type) -> JobOptions:
        """Read ``Meta`` along the class's ancestry, the nearest saying of each option winning."""
        said: dict[str, Any] = {}
        for ancestor in reversed(job_class.__mro__):
            if (meta := vars(ancestor).get("Meta")) is not None:
                # Not getattr(): a backoff written as a method of Meta must stay a function.
                said |= {key: value for key, value in _attributes(meta) if key[0] != "_"}
        known = [field.name for field in fields(cls)]
        for option in said:
            if option not in known:
                raise TypeError(
                    f"{job_class.__qualname__}.Meta has {option!r}, which is not an option of a "
                    f"job class. The options are: {', '.join(known)}."
                )
        if said.get("on_interrupt", "requeue") not in ("requeue", "error"):
            raise TypeError(
                f"{job_class.__qualname__}.Meta.on_interrupt must be 'requeue' or 'error', "
                f"not {said['on_interrupt']!r}."
            )
        for option in ("retry_on", "fail_on"):
            if not _are_exceptions(said.get(option, ())):
                raise TypeError(
                    f"{job_class.__qualname__}.Meta.{option} must be an exception class or a tuple "
                    f"of them, not {said[option]!r}."
                )
        return cls(**said)


def _are_exceptions(given: Any) -> bool:
    classes = given if isinstance(given, tuple) else (given,)
    return all(isinstance(each, type) and issubclass(each, BaseException) for each in classes)


def _attributes(meta: type) -> Iterator[tuple[str, Any]]:
    for ancestor in reversed(meta.__mro__):
        yield from vars(ancestor).items()
