"""The minutes between two runs."""

from __future__ import annotations

from typing import Any

from pgjobs.exceptions import InvalidArgument

_INTERVALS = range(1, 2**31)


def check_interval(interval: Any) -> int:
    """Return ``interval`` as whole minutes that the column can hold, or raise InvalidArgument."""
    if isinstance(interval, bool) or not isinstance(interval, int) or interval not in _INTERVALS:
        raise InvalidArgument(
            f"interval must be a whole number of minutes from {_INTERVALS[0]} to "
            f"{_INTERVALS[-1]}, not {interval!r}."
        )
    return int(interval)
