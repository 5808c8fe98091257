"""A JSON column that can be read whatever PostgreSQL holds in it."""

from __future__ import annotations

from typing import Any

from django.db import models
from psycopg.types.json import Jsonb


class UnreadableJSON(str):
    """The text of a JSON value that Python can't read: it is nested too deeply, or has a number of
    too many digits."""

    __slots__ = ()


class TolerantJSONField(models.JSONField):
    """A JSONField that reads such a value as text. One row must not break a list of jobs."""

    def from_db_value(self, value: Any, *args: Any) -> Any:
        try:
            return super().from_db_value(value, *args)
        except (ValueError, RecursionError):
            return UnreadableJSON(value)

    def get_db_prep_value(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        if isinstance(value, UnreadableJSON):  # ``save()`` writes back what was read
            return Jsonb(value, dumps=str)
        return super().get_db_prep_value(value, *args, **kwargs)

    def deconstruct(self) -> Any:
        """Return the parts of a plain JSONField: to migrations it is one."""
        name, _, args, kwargs = super().deconstruct()
        return name, "django.db.models.JSONField", args, kwargs
