"""A moment that can be read whatever PostgreSQL holds in its column."""

from __future__ import annotations

from typing import Any, Final

from django.db import models

_FIRST: Final = "'0002-01-01 00:00:00+00'"
_LAST: Final = "'9998-12-31 00:00:00+00'"


class TolerantDateTimeField(models.DateTimeField):  # type: ignore[type-arg]
    """A DateTimeField that reads a moment beyond the years 2 to 9998 as the first or the last one.

    SQL by hand may write ``infinity``, which Python can't hold. One row must not break a list, nor
    stop the clock. The columns of a job need no such field, because a constraint bounds them.
    """

    def select_format(self, compiler: Any, sql: str, params: Any) -> tuple[str, Any]:
        """Return the SQL that reads the column."""
        # Without the CASE, LEAST and GREATEST would turn NULL into a moment.
        bounded = f"LEAST(GREATEST({sql}, {_FIRST}), {_LAST})"
        return f"CASE WHEN {sql} IS NOT NULL THEN {bounded} END", (*params, *params)

    def deconstruct(self) -> Any:
        """Return the parts of a plain DateTimeField: to migrations it is one."""
        name, _, args, kwargs = super().deconstruct()
        return name, "django.db.models.DateTimeField", args, kwargs
