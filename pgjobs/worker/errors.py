"""What an error of PostgreSQL says of the server, of the session, and of the row."""

from __future__ import annotations

from typing import Final

import psycopg
from django.db import (
    DatabaseError,
    InterfaceError,
    InternalError,
    OperationalError,
    ProgrammingError,
)

from pgjobs.rows.raised import is_of_a_trigger

# Without a SQLSTATE the error is of psycopg itself: it lost the connection, or an answer is out of
# step ("received 2 results from command 'COMMIT'"), as from a pooler whose server has died.
_OF_THE_CLIENT: Final = (
    psycopg.OperationalError,
    psycopg.InterfaceError,
    psycopg.InternalError,
    OperationalError,
    InterfaceError,
    InternalError,
)
# Beginnings of SQLSTATEs: connection, transaction state (a standby is read-only), resources, an
# operator's intervention, the server's system.
_AWAY: Final = ("08", "25", "53", "57P", "58")
# Serialization failures and deadlocks; a lock that was not available; a cancelled query.
_PASSING: Final = ("40", "55P03", "57014")
# Syntax, names and rights; a missing schema. The errors that a trigger raises are of another class.
_MISFITS: Final = ("42", "3F")


def is_away(error: Exception) -> bool:
    """Return whether ``error`` means that the server can't be reached or can't work now.

    False means that a statement, or the row that it changes, is to blame. ``error`` may be the
    error of Django that wraps one of psycopg.
    """
    cause = error.__cause__ if isinstance(error, DatabaseError) else error
    if isinstance(cause, psycopg.Error) and cause.sqlstate is not None:
        return cause.sqlstate.startswith(_AWAY) and not is_of_a_trigger(cause)
    return isinstance(cause or error, _OF_THE_CLIENT)


def is_misfit(error: Exception) -> bool:
    """Return whether a statement of pgjobs does not fit the tables, so that waiting is in vain.

    ``error`` may be the error of Django that wraps one of psycopg.
    """
    cause = error.__cause__ if isinstance(error, DatabaseError) else error
    if isinstance(cause, psycopg.Error) and cause.sqlstate is not None:
        return cause.sqlstate.startswith(_MISFITS)
    return isinstance(cause or error, (psycopg.ProgrammingError, ProgrammingError))


def is_passing(error: psycopg.Error) -> bool:
    """Return whether the same statement may succeed at the next try, whatever the row holds."""
    return error.sqlstate is not None and error.sqlstate.startswith(_PASSING)


# The beginnings of SQLSTATEs. A live session meets them if a column got another type ("cached plan
# must not change result type"), if its prepared statements vanished, or if its search path or the
# ids of types changed. 42501 is a policy for rows, or a missing privilege: it follows the role.
_OF_THE_SESSION: Final = ("0A", "26", "34", "3F", "42", "XX")
_OF_THE_ROLE: Final = "42501"


def is_of_the_session(error: psycopg.Error) -> bool:
    """Return whether the same statement may succeed in a new session."""
    state = error.sqlstate
    return state is not None and state.startswith(_OF_THE_SESSION) and state != _OF_THE_ROLE


def is_refusal(error: psycopg.Error) -> bool:
    """Return whether a trigger, a policy, a constraint or a missing right refused a statement.

    The session is sound: a new one would meet the same refusal, and lose its session locks.
    """
    is_told = error.sqlstate is not None
    return is_told and not (is_away(error) or is_passing(error) or is_of_the_session(error))
