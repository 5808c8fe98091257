"""Errors that PL/pgSQL has raised: a trigger of the project may give them any SQLSTATE."""

from __future__ import annotations

from typing import Final

import psycopg

_RAISE: Final = "exec_stmt_raise"
"""The function of PostgreSQL that carries RAISE out. The server names it beside each error."""


def is_raised(error: BaseException | None) -> bool:
    """Return whether RAISE made ``error``, an error of psycopg.

    Then its SQLSTATE tells nothing of the server: a trigger that guards a quota may choose
    ``insufficient_resources``, which elsewhere means that the server has no memory.
    """
    return isinstance(error, psycopg.Error) and error.diag.source_function == _RAISE
