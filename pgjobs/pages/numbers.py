"""Numbers as the language of the reader writes them: ``12,345.6`` or ``12.345,6``."""

from __future__ import annotations

from decimal import Decimal

from django.utils.formats import number_format


def whole(value: int) -> str:
    """Return a whole number, its thousands parted."""
    return number_format(value, force_grouping=True)


def decimal(value: float, places: int = 1) -> str:
    """Return a number rounded to so many decimal places, its thousands parted."""
    return number_format(Decimal(f"{value:.{places}f}"), force_grouping=True)
