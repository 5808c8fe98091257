"""How an exception is described in a row, without trusting the exception."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from pgjobs.error_texts import said_by, traceback_of
from pgjobs.rows.frame import own_frame
from pgjobs.rows.text import cut, kept

_MOST_EXCEPTIONS: Final = 50_000
"""Python needs some seconds to show so many."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """One entry of ``job.errors``: the exception that ended one attempt."""

    exception: str
    message: str
    traceback: str
    frame: str = ""
    """The function of the project that raised, see ``own_frame()``."""

    @classmethod
    def of(cls, error: BaseException) -> Failure:
        """Describe ``error``, even if its ``__str__`` raises."""
        return cls(
            exception=kept(qualified_name(error)),
            message=said(error),
            traceback=kept("".join(_trace(error))),
            frame=kept(own_frame(error)),
        )


def bounded(error: BaseException) -> BaseException:
    """Return ``error``, or a substitute if its text would have no end in sight.

    Python shows a group once for each group that holds it. So forty groups that hold each other
    twice would make a million million texts.
    """
    if not _has_too_many(error):
        return error
    name = qualified_name(error)
    why = f"{name} with more than {_MOST_EXCEPTIONS:,} exceptions in it or before it"
    return RuntimeError(why).with_traceback(error.__traceback__)


def _has_too_many(error: BaseException) -> bool:
    chained, waiting = {id(error)}, [error]
    for _ in range(_MOST_EXCEPTIONS):
        if not waiting:
            return False
        try:
            each = waiting.pop()
            for link in (each.__cause__, each.__context__):
                if link is not None and id(link) not in chained:
                    chained.add(id(link))
                    waiting.append(link)
            if isinstance(each, BaseExceptionGroup):
                waiting += each.exceptions
        except Exception:  # its class is broken; what shows it bears that
            continue
    return bool(waiting)


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


def said(error: BaseException) -> str:
    """Return the text of ``error`` as a row can keep it."""
    return shown(error, lambda _: said_by(error))


def as_error(error: object) -> str:
    """Return what ``run()`` set as ``job.error``, a value of any type, as text for the row."""
    return error if type(error) is str and not error else shown(error, str)


def _trace(error: BaseException) -> list[str]:
    try:
        # Each part is cut, or a long message would be copied again with the whole.
        return [cut(part) for part in traceback_of(error)]
    except Exception:  # the exception's own text can't be shown; its frames can
        return traceback.format_tb(error.__traceback__)
