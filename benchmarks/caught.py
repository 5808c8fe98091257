"""A statement of the engine, caught before it reaches PostgreSQL.

A benchmark that listed the parameters of a statement itself would break with the next parameter.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql

from pgjobs.worker.connection import EngineConnection


@dataclass(frozen=True, slots=True)
class Statement:
    text: str
    parameters: Mapping[str, Any]

    def as_sql(self, **expressions: str) -> str:
        """Return the statement on one line with its parameters in it.

        Each of ``expressions`` stands in place of the parameter of that name. Raises RuntimeError
        if the statement has no such parameter.
        """
        if unknown := expressions.keys() - self.parameters.keys():
            raise RuntimeError(f"The statement has no parameters {sorted(unknown)}: {self.text}")
        literals = {name: sql.Literal(value).as_string() for name, value in self.parameters.items()}
        return " ".join(self.text.split()) % {**literals, **expressions}


class _Catching(psycopg.Cursor[Any]):
    """Keeps each statement instead of sending it, and answers that there are no rows."""

    caught: list[Statement]

    def execute(self, query: Any, params: Any = None, **options: Any) -> _Catching:
        self.caught.append(Statement(query, params))
        return self

    def fetchall(self) -> list[Any]:
        return []


def statement(send: Callable[[EngineConnection], object]) -> Statement:
    """Return the one statement that ``send`` executes on the connection that it is given."""
    caught: list[Statement] = []
    engine = EngineConnection("default", "benchmark")
    engine.get().cursor_factory = type("Catching", (_Catching,), {"caught": caught})
    try:
        send(engine)
    finally:
        engine.close()
    (found,) = caught
    return found
