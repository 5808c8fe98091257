"""The checks of options that are texts and dicts. They need no models and no settings.

Each raises InvalidArgument for a wrong value, and returns a value for the row.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pgjobs import codec
from pgjobs.choices import JobNotification
from pgjobs.exceptions import InvalidArgument
from pgjobs.showing import brief


def check_text(argument: str, value: Any) -> str | None:
    """Check and return the text ``value``, or None."""
    if value is None:
        return None
    if isinstance(value, str):
        return str(value)  # a lazy object passes for a text, but psycopg does not take it
    raise InvalidArgument(f"{argument} must be a text, not {brief(value)}.")


def check_notifications(notifications: Any) -> str | None:
    """Check and return when the user is notified, or None if this is not given."""
    value = check_text("notifications", notifications) or None
    if value is not None and value not in JobNotification.values:
        raise InvalidArgument(
            f"notifications must be one of {', '.join(JobNotification.values)}, not {brief(value)}."
        )
    return value


def check_meta(meta: Any) -> Any:
    """Check ``meta``, and return it as JSON, or None."""
    if meta is not None and not isinstance(meta, Mapping):
        raise InvalidArgument(f"meta must be a dict, not {brief(meta)}.")
    return None if meta is None else codec.encode(dict(meta), "meta")
