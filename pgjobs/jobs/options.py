"""The bounds of the numbers in ``class Meta``."""

from __future__ import annotations

from pgjobs.enqueueing import bounds
from pgjobs.exceptions import InvalidArgument
from pgjobs.registry.meta import JobOptions


def check_numbers(options: JobOptions, owner: str) -> None:
    """Raise TypeError, with the ``owner`` in front, for a number that no row can hold."""
    try:
        bounds.check_priority(options.priority)
        bounds.check_max_attempts(options.max_attempts)
        if options.timeout is not None:
            bounds.check_timeout(options.timeout)
    except InvalidArgument as refusal:
        raise TypeError(f"{owner}{refusal}") from None
