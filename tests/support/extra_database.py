"""A database that Django knows during one test, beside the database of the tests."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from urllib.parse import urlsplit

from django.db import connections

from tests.support.fresh_database import fresh_database

EXTRA = "extra"


@contextmanager
def extra_database() -> Iterator[str]:
    """The alias of a new, empty database."""
    with fresh_database() as url:
        settings = deepcopy(connections.databases["default"])
        connections.databases[EXTRA] = {**settings, "NAME": urlsplit(url).path.removeprefix("/")}
        try:
            connections[
                EXTRA
            ].connect()  # Django's tests refuse ensure_connection() for other aliases
            yield EXTRA
        finally:
            connections[EXTRA].close()
            del connections[EXTRA], connections.databases[EXTRA]
