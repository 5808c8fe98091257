"""Whether PostgreSQL refused a row, or could not do anything at that moment."""

from __future__ import annotations

from typing import Final

import psycopg

_ABOUT_ITSELF: Final = (psycopg.OperationalError, psycopg.InternalError, psycopg.InterfaceError)
_ABOUT_A_ROW: Final = (
    psycopg.errors.LockNotAvailable,
    psycopg.errors.ProgramLimitExceeded,  # JSON of more than 256 MB
)


def is_about_a_row(error: Exception) -> bool:
    """Say whether the other rows of the statement may do better without this one.

    So it is with a value that can't be stored, a lock that somebody holds, and a trigger or
    policy of the project's own, which may raise what it likes.
    """
    if isinstance(error, psycopg.Error):
        return isinstance(error, _ABOUT_A_ROW) or not isinstance(error, _ABOUT_ITSELF)
    return isinstance(error, (TypeError, ValueError))  # never sent
