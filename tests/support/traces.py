"""What jobs left behind, in the order in which they did."""

from __future__ import annotations

from tests.apps.testapp.jobs import leave_trace
from tests.apps.testapp.models import Trace


def labels() -> list[str]:
    return list(Trace.objects.order_by("id").values_list("label", flat=True))


def count(label: str) -> int:
    return Trace.objects.filter(label=label).count()


def release() -> None:
    """Let held jobs end."""
    leave_trace("release")
