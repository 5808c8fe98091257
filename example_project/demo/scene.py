"""What an operator may find: failures, retries, a paused queue, a long job, jobs of tomorrow."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final

from django.contrib.auth import get_user_model
from django.utils import timezone

from example_project.demo.jobs import PARTNERS, BookParcel, ExportOrders, SendNewsletter
from pgjobs.models import Pause

PARCELS: Final = 60
SUBSCRIBERS: Final = 200
LONG_EXPORT: Final = 1200
"""Pages of the export that runs for ten minutes."""


def set_scene(username: str) -> None:
    """Enqueue the jobs of the scene for the user with this name."""
    user = get_user_model()._default_manager.get_by_natural_key(username)
    last_month = timezone.localdate().replace(day=1) - timedelta(days=1)
    ExportOrders.enqueue(month=last_month, pages=LONG_EXPORT, user=user)
    ExportOrders.enqueue(month=last_month, pages=10, user=user)
    ExportOrders.enqueue(month=date(last_month.year, 1, 31), pages=0, user=user)
    ExportOrders.enqueue(month=last_month, schedule_at=timezone.now() + timedelta(days=1))
    BookParcel.enqueue_many(
        {
            "partner": PARTNERS[number % len(PARTNERS)],
            "order": f"A-{1000 + number}",
            "api_key": "a secret that no page shows",
        }
        for number in range(PARCELS)
    )
    Pause.objects.pause(queue="low")
    SendNewsletter.enqueue_many(
        {"subscriber": f"reader-{number}@example.invalid"} for number in range(SUBSCRIBERS)
    )
