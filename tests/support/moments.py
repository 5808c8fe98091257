"""Moments and spans that several tests use."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

from django.utils import timezone

MINUTE: Final = timedelta(minutes=1)
HOUR: Final = timedelta(hours=1)
TOMORROW: Final = timezone.now() + timedelta(days=1)
IN_2030: Final = datetime(2030, 1, 31, 12, tzinfo=UTC)


def ago(**span: float) -> datetime:
    return timezone.now() - timedelta(**span)
