"""The traces of jobs, in the order in which the jobs left them."""

from __future__ import annotations

from tests.apps.testapp.jobs import leave_trace
from tests.apps.testapp.models import Trace
from tests.support.eventually import eventually


def labels() -> list[str]:
    return list(Trace.objects.order_by("id").values_list("label", flat=True))


def pids(label: str) -> list[int]:
    """Return the processes of the jobs that left this trace."""
    found = Trace.objects.filter(label=label, pid__isnull=False).order_by("id")
    return [pid for pid in found.values_list("pid", flat=True) if pid is not None]


def count(label: str) -> int:
    return Trace.objects.filter(label=label).count()


def until(label: str, times: int | None = None, *, timeout: float = 30) -> None:
    """Wait until this trace was left exactly ``times`` times; without ``times``, at least once."""
    eventually(
        lambda: count(label) if times is None else count(label) == times,
        timeout=timeout,
    )


def release() -> None:
    """Let the held jobs end."""
    leave_trace("release")
