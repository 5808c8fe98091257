"""Errors that code of the project has made inside the server, in a trigger: they may have any
SQLSTATE."""

from __future__ import annotations

from typing import Final

import psycopg

_MAKERS: Final = frozenset(
    {
        "exec_stmt_raise",  # RAISE of PL/pgSQL
        "pgfdw_report_error",  # postgres_fdw hands on what another server has answered
        "dblink_res_error",
        "BeginCopyFrom",  # COPY and file_fdw do not find a file
        "BeginCopyTo",
    }
)
"""The functions of PostgreSQL that make such errors. The server names it beside each error."""
_ABOUT_A_CONNECTION: Final = ("08", "57P")


def is_of_a_trigger(error: BaseException | None) -> bool:
    """Return whether a trigger of the project is to blame for ``error``, an error of psycopg.

    Then its SQLSTATE tells nothing of our server: a trigger that guards a quota may choose
    ``insufficient_resources``, which elsewhere means that the server has no memory. A trigger may
    also use another server, by a foreign table or by dblink, and that server may be away.
    """
    if not isinstance(error, psycopg.Error):
        return False
    return error.diag.source_function in _MAKERS or _is_about_another_server(error)


def _is_about_another_server(error: psycopg.Error) -> bool:
    """Return whether a statement could not reach another server, or lost it.

    If our own server ends a connection, the error is fatal.
    """
    is_about_a_connection = (error.sqlstate or "").startswith(_ABOUT_A_CONNECTION)
    return is_about_a_connection and error.diag.severity_nonlocalized == "ERROR"
