"""NetBox's classes of choices, with its constants."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

from django.db.models import Choices

from pgjobs.choices import FINISHED, LIVE, STATUS_COLORS, JobInterval, JobNotification, JobStatus


class _ChoiceSetMeta(type):
    """Lets a class of choices be iterated over and called, as NetBox's can be.

    Django calls what it is given as ``choices=`` of a field.
    """

    CHOICES: tuple[tuple[Any, ...], ...]

    def __call__(cls) -> list[tuple[Any, Any]]:
        return [choice[:2] for choice in cls.CHOICES]

    def __iter__(cls) -> Iterator[tuple[Any, Any]]:
        return iter(cls())

    @property
    def colors(cls) -> dict[Any, str]:
        """The colours of the values that have one."""
        return {value: color for value, _label, *colors in cls.CHOICES for color in colors}

    def values(cls) -> list[Any]:
        """Return the values that a field with these choices can have."""
        return [choice[0] for choice in cls.CHOICES]


class _ChoiceSet(metaclass=_ChoiceSetMeta):
    CHOICES: ClassVar[tuple[tuple[Any, ...], ...]] = ()


def _plain(choices: type[Choices]) -> tuple[tuple[Any, Any], ...]:
    return tuple((each.value, each.label) for each in choices)


class JobStatusChoices(_ChoiceSet):
    """The statuses of a job: those of NetBox, and ``cancelled``."""

    STATUS_PENDING = JobStatus.PENDING.value
    STATUS_SCHEDULED = JobStatus.SCHEDULED.value
    STATUS_RUNNING = JobStatus.RUNNING.value
    STATUS_COMPLETED = JobStatus.COMPLETED.value
    STATUS_ERRORED = JobStatus.ERRORED.value
    STATUS_FAILED = JobStatus.FAILED.value
    STATUS_CANCELLED = JobStatus.CANCELLED.value

    CHOICES = tuple((each.value, each.label, STATUS_COLORS[each.value]) for each in JobStatus)
    ENQUEUED_STATE_CHOICES = tuple(status.value for status in LIVE)
    TERMINAL_STATE_CHOICES = tuple(status.value for status in FINISHED)


class JobIntervalChoices(_ChoiceSet):
    """Common intervals, in minutes."""

    INTERVAL_MINUTELY = JobInterval.MINUTELY.value
    INTERVAL_HOURLY = JobInterval.HOURLY.value
    INTERVAL_DAILY = JobInterval.DAILY.value
    INTERVAL_WEEKLY = JobInterval.WEEKLY.value

    CHOICES = _plain(JobInterval)


class JobNotificationChoices(_ChoiceSet):
    """When the user of a job is told of its end."""

    NOTIFICATION_ALWAYS = JobNotification.ALWAYS.value
    NOTIFICATION_ON_FAILURE = JobNotification.ON_FAILURE.value
    NOTIFICATION_NEVER = JobNotification.NEVER.value

    CHOICES = _plain(JobNotification)
