"""The bounds of a job's columns, and the checks of whole numbers against them.

Each check raises InvalidArgument for a number beyond the bounds and for a value that is not a
whole number, ``True`` and ``False`` included.
"""

from __future__ import annotations

from typing import Any, Final

from pgjobs.exceptions import InvalidArgument

NAME_LIMIT: Final = 200
"""Characters that a job's name may have."""

_PRIORITIES: Final = range(-(2**15), 2**15)
_SECONDS: Final = range(1, 2**31)
_MINUTES: Final = range(1, 2**31)
_ATTEMPTS: Final = range(1, 2**15)


def check_priority(priority: Any) -> int:
    """Check and return ``priority``, which orders the jobs of a queue."""
    return _check("priority", "a whole number", priority, _PRIORITIES)


def check_timeout(timeout: Any) -> int:
    """Check and return ``timeout``, in seconds."""
    return _check("timeout", "a whole number of seconds", timeout, _SECONDS)


def check_interval(interval: Any) -> int:
    """Check and return ``interval``, in minutes between two runs."""
    return _check("interval", "a whole number of minutes", interval, _MINUTES)


def check_max_attempts(max_attempts: Any) -> int:
    """Check and return ``max_attempts``, which counts the first attempt too."""
    return _check("max_attempts", "a whole number", max_attempts, _ATTEMPTS)


def _check(name: str, kind: str, value: Any, allowed: range) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value not in allowed:
        raise InvalidArgument(
            f"{name} must be {kind} from {allowed[0]} to {allowed[-1]}, not {value!r}."
        )
    return int(value)
