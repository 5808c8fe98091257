"""The values of filters as people write them: spans, moments, objects, classes, arguments."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from django.apps import apps
from django.core.exceptions import ValidationError
from django.db import models
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from pgjobs import access, codec
from pgjobs.exceptions import InvalidArgument
from pgjobs.registry.names import registered

_SPAN: Final = re.compile(r"(\d+)\s*(s|m|h|d|w)")
_UNITS: Final = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def moment(name: str, text: str, *, ahead: bool = False) -> datetime:
    """Return the moment that ``text`` means: a span back or ``ahead`` from now, or ISO 8601.

    Raises InvalidArgument, with ``name``, for any other text.
    """
    try:
        if _SPAN.fullmatch(text):
            return timezone.now() + (1 if ahead else -1) * span(name, text)
        parsed = parse_datetime(text)
        if parsed is not None:
            aware = timezone.make_aware(parsed) if timezone.is_naive(parsed) else parsed
            return aware.astimezone(UTC)  # PostgreSQL reads no zone that is 16 hours away
    except (ValueError, OverflowError):
        pass
    raise InvalidArgument(
        f"{name} must be a span such as 90s, 15m, 2h, 3d or 1w, or a moment such as "
        f"2026-01-31T12:00+01:00, not {text!r}."
    )


def span(name: str, text: str) -> timedelta:
    """Return the span of time that ``text`` means. Raises InvalidArgument for any other text."""
    found = _SPAN.fullmatch(text)
    try:
        if found is not None:
            return timedelta(**{_UNITS[found[2]]: int(found[1])})
    except (ValueError, OverflowError):
        pass
    raise InvalidArgument(f"{name} must be a span such as 90s, 15m, 2h, 3d or 1w, not {text!r}.")


def named_object(text: str) -> models.Model:
    """Return an instance with the key of ``app.model:key``; nothing is read from the database.

    Raises InvalidArgument for a model that does not exist and for a key that its model can't have.
    """
    label, colon, key = text.partition(":")
    try:
        model: type[models.Model] = apps.get_model(label)
        if not (colon and key):
            raise ValueError("no key")
        named = model._meta.pk.to_python(key)
        model._meta.pk.run_validators(named)
        return model(pk=named)
    except (LookupError, ValueError, ValidationError):
        raise InvalidArgument(
            f"object must be written as app.model:key, such as network.site:7, not {text!r}."
        ) from None


def classes(end: str) -> list[str]:
    """Return the registered job classes that end so; otherwise ``end`` itself, if it is a path.

    The jobs of a class that is gone can be found by its whole path. Raises InvalidArgument for a
    name that is no path.
    """
    found = classes_by_end(end)
    if not found and "." not in end:
        known = ", ".join(sorted(registered()))
        raise InvalidArgument(f"class {end!r} ends no registered path: {known}.")
    return found or [end]


def classes_by_end(end: str) -> list[str]:
    """Return the registered job classes and functions whose dotted paths end in ``end``."""
    return [path for path in registered() if f".{path}".endswith(f".{end}")]


def failure(text: str) -> tuple[str, ...]:
    """Return the exception and the frame of ``exception@frame``, or the exception alone.

    Either can be empty: ``@`` means failures without an exception and without a frame.
    """
    exception, at, frame = text.partition("@")
    return (exception, frame) if at else (exception,)


def argument(text: str) -> tuple[str, Any]:
    """Return the name and the value of ``name=value``; a value that is no JSON is a text.

    Raises InvalidArgument for a text of another form, and for a value that no row can hold.
    """
    name, equals, value = codec.text(text, "arg").partition("=")
    if not (name and equals):
        raise InvalidArgument(f"arg must be written as name=value, not {text!r}.")
    return name, access.typed(f"arg {name}", value)
