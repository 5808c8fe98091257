"""How an exception is described in a row, without trusting the exception."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from dataclasses import dataclass

from pgjobs.rows.text import cut, kept


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """One entry of ``job.errors``: the exception that ended one attempt."""

    exception: str
    message: str
    traceback: str

    @classmethod
    def of(cls, error: BaseException) -> Failure:
        """Describe ``error``, even if its ``__str__`` raises."""
        return cls(
            exception=kept(qualified_name(error)),
            message=shown(error, str),
            traceback=kept("".join(_trace(error))),
        )


def qualified_name(error: BaseException) -> str:
    """Return the dotted path of the class of ``error``."""
    return f"{type(error).__module__}.{type(error).__qualname__}"


def shown(value: object, how: Callable[[object], str] = repr) -> str:
    """Return ``how(value)`` as text that a row can keep.

    If ``how`` raises, return the type of ``value`` and the type of the exception: a broken
    ``__str__`` or ``__repr__`` must not lose the outcome of a job.
    """
    try:
        return kept(how(value))
    except Exception as worse:
        return f"{type(value).__qualname__} (showing it raised {type(worse).__name__})"


def as_error(error: object) -> str:
    """Return what ``run()`` set as ``job.error``, a value of any type, as text for the row."""
    return error if type(error) is str and not error else shown(error, str)


def _trace(error: BaseException) -> list[str]:
    try:
        # Each part is cut, or a long message would be copied again with the whole.
        return [cut(part) for part in traceback.format_exception(error)]
    except Exception:  # the exception's own text can't be shown; its frames can
        return traceback.format_tb(error.__traceback__)
