"""Values of callers in messages: brief, and whatever their ``__repr__`` does."""

from __future__ import annotations

from typing import Any, Final

_LIMIT: Final = 80


def brief(value: Any) -> str:
    """Return ``repr(value)``, cut to 80 characters.

    If the ``__repr__`` raises, return the type of ``value`` and the type of the exception: a
    refusal must not be lost because its value can't be shown.
    """
    try:
        text = repr(value)
    except Exception as error:
        return f"{type(value).__qualname__} (showing it raised {type(error).__name__})"
    return text if len(text) <= _LIMIT else f"{text[: _LIMIT - 1]}…"


def said_by(error: BaseException) -> str:
    """Return ``str(error)``, without the row if PostgreSQL has refused a row of the table of jobs.

    PostgreSQL repeats the values of such a row in the details, and they may be secrets.
    """
    for each in (error, error.__cause__):
        diagnosis = getattr(each, "diag", None)
        if getattr(diagnosis, "table_name", None) == "pgjobs_job":
            return str(getattr(diagnosis, "message_primary", ""))
    return str(error)
