"""The limits beyond which an alert is raised: the dict ``PGJOBS["ALERTS"]``."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any, Final

_LONGEST: Final = 1_000_000


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds:
    """The values of ``PGJOBS["ALERTS"]``. Every key is optional. None switches a kind off."""

    oldest_wait: float | None = 300
    """Seconds that a due job of a queue may wait."""

    failure_rate: float | None = 0.5
    """The share, from 0 to 1, of the ended jobs of a class that may be errored or failed."""

    failure_count: float = 20
    """The jobs of a class that must have ended before its failure rate counts."""

    failure_window: float = 600
    """Seconds in which the jobs of the failure rate have ended."""

    no_worker: float | None = 60
    """Seconds that a due job may wait in a queue that no living worker serves."""

    late_schedule: float | None = 300
    """Seconds that a system job may be overdue, 30 or more."""

    paused: bool = False
    """Whether waits in paused queues, and of paused job classes, count as well."""

    notifier: str = ""
    """Dotted path of a function that is called with each `Alert` beside the log line."""


_CAN_BE_OFF: Final = frozenset(("oldest_wait", "failure_rate", "no_worker", "late_schedule"))
_NAMES: Final = tuple(field.name for field in dataclasses.fields(Thresholds))


def problems_with(given: Mapping[str, Any]) -> Iterator[str]:
    """Yield a sentence for each problem of ``PGJOBS["ALERTS"]``."""
    for name, value in given.items():
        setting = f"PGJOBS['ALERTS'][{name!r}]"
        if name not in _NAMES:
            yield f"{setting} is not a setting. The settings are: {', '.join(sorted(_NAMES))}."
        elif not (value is None and name in _CAN_BE_OFF) and (wanted := _refused(name, value)):
            off = ", or None" if name in _CAN_BE_OFF else ""
            yield f"{setting} must be {wanted}{off}, not {value!r}."


def _refused(name: str, value: Any) -> str:
    """Return the words for a right value, or an empty text if ``value`` is right."""
    is_number = type(value) in (int, float)
    match name:
        case "paused":
            return "" if type(value) is bool else "True or False"
        case "notifier":
            return "" if isinstance(value, str) else "a dotted path"
        case "failure_rate":
            return "" if is_number and 0 < value <= 1 else "a number above 0 and at most 1"
        case "failure_count":
            is_right = type(value) is int and 0 < value <= _LONGEST
            return "" if is_right else f"a whole number from 1 to {_LONGEST:,}"
    is_right = is_number and 0 < value <= _LONGEST
    return "" if is_right else f"a number of seconds above 0 and at most {_LONGEST:,}"
