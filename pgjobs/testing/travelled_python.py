"""``django.utils.timezone.now()`` of a process that has travelled.

Much code holds the function itself, for example a field by ``default=timezone.now``. Another
function in its place would not reach this code. So a travel gives the function another body.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from types import CodeType, FunctionType
from typing import Any, Final, cast

from django.utils import timezone

_NOW: Final = cast(FunctionType, timezone.now)
_BODY: Final[CodeType] = _NOW.__code__
_original: Final[Any] = FunctionType(_BODY, _NOW.__globals__)
_span = timedelta()


def move_to(span: timedelta) -> None:
    """Let ``timezone.now()`` return a moment that is ``span`` away from Python's clock."""
    global _span
    _span = span
    _NOW.__code__ = _moved.__code__ if span else _BODY


def now() -> datetime:
    """Return the moment that ``timezone.now()`` returns."""
    moment: datetime = _original()
    return moment + _span


def _moved() -> datetime:
    # This body runs with the names of Django's module, so it brings its own.
    from pgjobs.testing.travelled_python import now

    return now()
