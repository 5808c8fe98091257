"""The options of RQ's ``enqueue()``: what becomes of each, and which are refused."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from pgjobs.conf import get_settings
from pgjobs.enqueueing.bounds import check_timeout
from pgjobs.exceptions import InvalidArgument
from pgjobs.registry.meta import NAME_LIMIT, is_name
from pgjobs.showing import brief, did_you_mean

FRONT: Final = 32767
"""The priority of a job that is enqueued ``at_front``: the highest one."""

_NATIVE: Final = "mark the function with @pgjobs.job and call its enqueue_once()"
_AFTERWARDS: Final = "Do it at the end of the function, or in a receiver of pgjobs.job_end."

REFUSED: Final = {
    "ttl": "A job waits until it runs. Let the function look at the time, or cancel the job.",
    "depends_on": "Enqueue the next job at the end of the function that comes first.",
    "job_id": "The database gives the ids: keep the id of the job that the call returns. "
    f"For one live job at a time, {_NATIVE}.",
    "unique": f"For one live job at a time, {_NATIVE}.",
    "repeat": f"For a job that recurs, {_NATIVE} with interval=minutes.",
    "on_success": _AFTERWARDS,
    "on_failure": _AFTERWARDS,
    "on_stopped": _AFTERWARDS,
    "webhooks": _AFTERWARDS,
    "rate_limit": "Give its queue a worker of its own, with --concurrency.",
    "pipeline": "Each call is a part of the caller's transaction: write transaction.atomic().",
    "group_id": "Keep the ids of the jobs that the call returns.",
    "queue_class": "There is one class of queues: leave the option out.",
    "job_class": "There is one class of jobs: leave the option out.",
    "serializer": "Arguments are stored as JSON with types: leave the option out.",
}
"""Options without a meaning here, and what to do. None, False and an empty list ask for nothing."""

KNOWN: Final = frozenset(
    "job_timeout description result_ttl failure_ttl at_front meta retry".split()
)

OF_ENQUEUE: Final = KNOWN | frozenset(
    "ttl depends_on job_id unique repeat on_success on_failure on_stopped rate_limit webhooks "
    "pipeline".split()
)
"""The names that RQ's ``enqueue()`` does not hand to the function."""

_UNITS: Final = {"d": 86400, "h": 3600, "m": 60, "s": 1}


class Retry:
    """RQ's ``Retry``: ``max`` more attempts, after waits of ``interval`` seconds.

    The last of several intervals holds for all further attempts.
    """

    def __init__(
        self, max: int, interval: int | Iterable[int] = 0, enqueue_at_front: bool = False
    ) -> None:
        self.max = _whole("max", max, least=1)
        several = isinstance(interval, Iterable) and not isinstance(interval, str | bytes)
        given: list[Any] = [*interval] if several else [interval]  # type: ignore[misc]
        self.intervals = tuple(_whole("interval", each, least=0) for each in given)
        if not any(self.intervals):
            self.intervals = ()
        if enqueue_at_front:
            raise InvalidArgument(
                "enqueue_at_front=True is not supported: another attempt keeps the priority of "
                "its job. Enqueue the job with at_front=True."
            )

    def __repr__(self) -> str:
        return f"Retry(max={self.max}, interval={[*self.intervals]})"

    def wait(self, attempt: int) -> timedelta:
        """Return the wait after the failed attempt number ``attempt``."""
        if not self.intervals:
            return timedelta()
        return timedelta(seconds=self.intervals[min(attempt, len(self.intervals)) - 1])


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """The options of one call. None stands for an option that was not given."""

    timeout: int | None = None
    priority: int | None = None
    name: str | None = None
    meta: Mapping[str, Any] | None = None
    retry: Retry | None = None

    @property
    def max_attempts(self) -> int | None:
        return None if self.retry is None else self.retry.max + 1


def read(given: Mapping[str, Any]) -> Options:
    """Return the options that ``given`` holds by RQ's names.

    Raises InvalidArgument for an option that pgjobs can't follow, with what to do.
    """
    for option, value in given.items():
        if option in REFUSED:
            _refuse(option, value)
    for option in ("result_ttl", "failure_ttl"):
        _check_retention(option, given.get(option))
    return Options(
        timeout=seconds(given.get("job_timeout")),
        priority=FRONT if given.get("at_front") else None,
        name=_name(given.get("description")),
        meta=given.get("meta"),
        retry=_retry(given.get("retry")),
    )


def check_known(option: str) -> None:
    """Raise InvalidArgument for a name that is no option of RQ, such as a misspelt one."""
    known = KNOWN | REFUSED.keys()
    if option not in known:
        raise InvalidArgument(
            f"{option!r} is not an option of enqueue_call().{did_you_mean(option, known)}"
        )


def refuse(given: Mapping[str, Any]) -> None:
    """Raise InvalidArgument for the first of ``given``, which are options of another call."""
    for option, value in given.items():
        _refuse(option, value)


def seconds(timeout: Any) -> int | None:
    """Return a timeout, such as 600 or "10m", in seconds. Raises InvalidArgument for other ones."""
    if timeout is None:
        return None
    if type(timeout) is int:
        return _limited(timeout)
    text = str(timeout).strip().lower()
    unit = _UNITS.get(text[-1:], 1)
    digits = text[:-1] if text[-1:] in _UNITS else text
    if not (digits.isascii() and digits.isdecimal()):
        raise InvalidArgument(
            f"A timeout must be seconds, or a text such as '90s', '10m' and '2h', not "
            f"{brief(timeout)}."
        )
    return _limited(int(digits) * unit)


def _limited(timeout: int) -> int:
    if timeout == -1:
        raise InvalidArgument(
            "The timeout -1 means no end in RQ, and a job here has one. Write the longest time "
            "that it may take, such as job_timeout='1d'."
        )
    return check_timeout(timeout)


def _refuse(option: str, value: Any) -> None:
    if value is None or value is False or value in ([], ()):
        return
    remedy = REFUSED.get(option, "Leave it out.")
    raise InvalidArgument(
        f"{option}={brief(value)} is an option of RQ that pgjobs does not have. {remedy}"
    )


def _check_retention(option: str, ttl: Any) -> None:
    """Raise InvalidArgument if the row will not be kept for as long as ``ttl`` seconds."""
    days = get_settings().JOB_RETENTION
    if ttl is None or days == 0:
        return
    wanted = seconds(ttl) if ttl != -1 else None
    if wanted is None or wanted > days * _UNITS["d"]:
        raise InvalidArgument(
            f"{option}={brief(ttl)} is longer than pgjobs keeps finished jobs: {days} days. Set "
            'PGJOBS["JOB_RETENTION"], where 0 means for ever, or leave the option out.'
        )


def _name(description: Any) -> str | None:
    if description is None or description == "":
        return None
    if not is_name(description):
        raise InvalidArgument(
            f"description must be a text of at most {NAME_LIMIT} characters, not "
            f"{brief(description)}."
        )
    return str(description)


def _retry(given: Any) -> Retry | None:
    if given is None or isinstance(given, Retry):
        return given
    if type(given) is int:
        return Retry(max=given)
    raise InvalidArgument(
        f"retry must be a pgjobs.compat.rq.Retry, such as Retry(max=3), not {brief(given)}."
    )


def _whole(name: str, value: Any, *, least: int) -> int:
    if type(value) is not int or value < least:
        raise InvalidArgument(
            f"{name} of Retry must be a whole number from {least}, not {brief(value)}."
        )
    return value
