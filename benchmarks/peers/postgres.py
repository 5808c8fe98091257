"""A peer on PostgreSQL: it gets a database of its own on the server that all are measured on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, LiteralString
from urllib.parse import urlsplit

import psycopg
from psycopg import sql

from benchmarks.peers.peer import Opened


@dataclass(frozen=True, kw_only=True)
class Postgres:
    left: LiteralString
    """FROM and WHERE of the jobs that wait or run."""
    done: LiteralString
    """FROM and WHERE of the jobs that were done."""
    broker: Final = "postgresql"

    def missing(self) -> str | None:
        return None

    @contextmanager
    def opened(self, name: str, server_url: str, scratch: Path) -> Iterator[Opened]:
        database = "peer_" + name.replace("-", "_")
        with psycopg.connect(server_url, autocommit=True) as server:
            server.execute(sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(database)))
            server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(database)))
        url = urlsplit(server_url)._replace(path=f"/{database}").geturl()
        try:
            with psycopg.connect(url, autocommit=True) as connection:
                connection.execute("SET statement_timeout = '60s'")  # A question may be a bad one.
                yield Database(connection, self, {"PEER_URL": url})
        finally:
            with psycopg.connect(server_url, autocommit=True) as server:
                server.execute(
                    sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(database))
                )


@dataclass(frozen=True)
class Database:
    connection: psycopg.Connection
    questions: Postgres
    environment: dict[str, str]

    def is_drained(self) -> bool:
        return not self._ask("SELECT EXISTS (SELECT " + self.questions.left + ")")

    def done(self, jobs: int) -> int:
        return int(self._ask("SELECT count(*) " + self.questions.done))

    def _ask(self, question: LiteralString) -> int:
        row = self.connection.execute(question).fetchone()
        assert row is not None
        answer: int = row[0]
        return answer
