"""The connection that code for RQ hands around: it stands for none."""

from __future__ import annotations

from typing import Any, Final

from pgjobs.exceptions import InvalidArgument
from pgjobs.showing import brief


class Connection:
    """Takes the place of a Redis connection in the argument ``connection``."""

    __slots__ = ()

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(
            f"A connection of pgjobs.compat.rq has no {name!r}: it only serves as connection=…. "
            "Keep own values in PostgreSQL or in Django's cache."
        )

    def __repr__(self) -> str:
        return "Connection()"


_CONNECTION: Final = Connection()


def get_connection(name: str = "default", use_strict_redis: bool = False) -> Connection:
    """Return the value for arguments called ``connection``, whatever the queue."""
    return _CONNECTION


def check_connection(given: Any) -> None:
    """Raise InvalidArgument for a connection to Redis."""
    if given is None or isinstance(given, Connection):
        return
    raise InvalidArgument(
        f"connection={brief(given)} is no connection of pgjobs, which needs no Redis. Leave "
        "connection out, or write connection=pgjobs.compat.rq.get_connection()."
    )
