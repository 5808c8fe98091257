"""Errors as texts, without the rows of the table of jobs that PostgreSQL repeats.

If PostgreSQL refuses a row, it repeats the values of the row after its message, and they may be
secrets. Such an error can also be the cause of another error, or one of a group.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from traceback import TracebackException
from typing import Any, Final

_COPIED: Final = "COPY pgjobs_job,"
"""Stands before the line of a COPY that a trigger of the project refused."""


def said_by(error: BaseException) -> str:
    """Return ``str(error)`` without the values of refused rows, also if it quotes another error."""
    return without_rows(str(error), error)


def without_rows(text: str, error: BaseException) -> str:
    """Return ``text``, in which ``error`` or an error before it is quoted, without refused rows."""
    for said, reason in _refusals(error):
        text = text.replace(said, reason)
    return text


def has_rows(error: BaseException) -> bool:
    """Return whether ``error``, or an error before it or inside it, repeats a refused row."""
    return any(True for _ in _refusals(error))


def traceback_of(error: BaseException) -> Iterator[str]:
    """Yield the parts of ``traceback.format_exception(error)`` without refused rows."""
    trace = TracebackException(type(error), error, error.__traceback__, compact=True)
    refusals = list(_refusals(error))
    waiting: list[Any] = [trace] if refusals else []
    while waiting:
        each = waiting.pop()
        for said, reason in refusals:
            # Not in the whole text: in a group, each line of an error has a margin.
            each._str = each._str.replace(said, reason)
        nearby = (each.__cause__, each.__context__, *(each.exceptions or ()))
        waiting += [one for one in nearby if one is not None]
    return trace.format()


def _refusals(error: BaseException) -> Iterator[tuple[str, str]]:
    """Yield PostgreSQL's text about each refused row, and the part of it that shows no value."""
    for each in _connected(error):
        # A class of the project may have any attribute, even one that raises.
        with suppress(Exception):
            diagnosis: Any = getattr(each, "diag", None)
            context = getattr(diagnosis, "context", None) or ""
            if getattr(diagnosis, "table_name", None) == "pgjobs_job" or _COPIED in context:
                yield str(each), str(diagnosis.message_primary)


def _connected(error: BaseException) -> Iterator[BaseException]:
    """Yield ``error``, the errors before it, and the errors in groups, each once."""
    seen, waiting = {id(error)}, [error]
    while waiting:
        each = waiting.pop()
        yield each
        near: list[BaseException | None] = [each.__cause__, each.__context__]
        if isinstance(each, BaseExceptionGroup):
            with suppress(Exception):
                near += each.exceptions
        for one in near:
            if one is not None and id(one) not in seen:
                seen.add(id(one))
                waiting.append(one)
