"""The bounds of the numbers in ``class Meta``."""

from __future__ import annotations

from pgjobs.enqueueing import bounds
from pgjobs.exceptions import InvalidArgument
from pgjobs.registry.meta import JobOptions


def check_numbers(job_class: type) -> None:
    """Raise TypeError for a number in the ``Meta`` of ``job_class`` that no row can hold."""
    options = JobOptions.of(job_class)
    try:
        bounds.check_priority(options.priority)
        bounds.check_max_attempts(options.max_attempts)
        if options.timeout is not None:
            bounds.check_timeout(options.timeout)
    except InvalidArgument as refusal:
        raise TypeError(f"{job_class.__qualname__}.Meta: {refusal}") from None
