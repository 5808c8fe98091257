"""Databases of a test's own on the test server."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from urllib.parse import urlsplit

import psycopg


@contextmanager
def fresh_database(template: str = "", *, made: str = "") -> Iterator[str]:
    """The URL of a new database: an empty one, or a copy of the database at the URL ``template``.

    Nothing may be connected to the template meanwhile. ``made`` has more clauses of CREATE
    DATABASE, for an empty one.
    """
    server = os.environ["DATABASE_URL"]
    name = f"fresh_{uuid.uuid4().hex}"
    with closing(psycopg.connect(server, autocommit=True)) as connection:
        empty = "template0" if made else "template1"
        copied = urlsplit(template).path.removeprefix("/") or empty
        connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{copied}" {made}'.encode())
        try:
            yield urlsplit(server)._replace(path=f"/{name}").geturl()
        finally:
            connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)'.encode())
