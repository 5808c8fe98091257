"""The checkup of the indexes: which are missing, not valid or bloated, and how each is repaired."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from django.apps import apps
from django.db import connections, models

from pgjobs.doctor.reading import read

_BLOATED: Final = 4
"""An index is bloated if it has so many times the bytes that its entries need, and …"""
_TOO_MUCH: Final = 8 * 2**20
"""… so many bytes more."""


class State(StrEnum):
    """The state of an index."""

    SOUND = "sound"
    BLOATED = "bloated"
    """Most of its pages are empty: claims and VACUUM read them in vain."""
    INVALID = "not valid"
    """CREATE or REINDEX CONCURRENTLY was interrupted: it costs writes and serves no query."""
    MISSING = "missing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Index:
    """An index of a table of pgjobs."""

    name: str
    state: State
    bytes: int | None
    needed: int | None
    """Bytes that its entries need, by the statistics of the last VACUUM or ANALYZE."""
    scans: int | None
    """How often it was read since the statistics of the server were reset."""
    repair: str | None
    """The statement that repairs it; it blocks no job."""


def checkup(using: str) -> list[Index]:
    """Return the indexes of pgjobs in the database ``using``, the damaged ones first."""
    there = [_index(*row) for row in read(using, "doctor/index_sizes", tables=_tables())]
    names = {index.name for index in there}
    missing = [
        Index(name=name, state=State.MISSING, bytes=None, needed=None, scans=None, repair=statement)
        for name, statement in _declared(using)
        if name not in names
    ]
    return sorted(missing + there, key=lambda index: index.state == State.SOUND)


def repair(index: Index, using: str) -> None:
    """Run the statement of ``index``. Raises DatabaseError if PostgreSQL refuses it."""
    assert index.repair is not None
    with connections[using].cursor() as cursor:
        cursor.execute(index.repair)


def _index(
    name: str, qualified: str, size: int, needed: int | None, is_valid: bool, scans: int
) -> Index:
    state, statement = State.SOUND, None
    if not is_valid:
        # An index that REINDEX CONCURRENTLY left behind has a valid twin; REINDEX would keep both.
        is_twin = "_ccnew" in name or "_ccold" in name
        verb = "DROP INDEX" if is_twin else "REINDEX INDEX"
        state, statement = State.INVALID, f"{verb} CONCURRENTLY {qualified}"
    elif needed is not None and size > _BLOATED * needed and size - needed > _TOO_MUCH:
        state, statement = State.BLOATED, f"REINDEX INDEX CONCURRENTLY {qualified}"
    return Index(name=name, state=state, bytes=size, needed=needed, scans=scans, repair=statement)


def _declared(using: str) -> Iterator[tuple[str, str]]:
    """Yield each index of the models, with the statement that creates it."""
    for table in _models():
        unique = (c for c in table._meta.constraints if isinstance(c, models.UniqueConstraint))
        for index in (*table._meta.indexes, *unique):
            with connections[using].schema_editor(collect_sql=True) as editor:
                statement = str(index.create_sql(table, editor))
            yield index.name, statement.replace(" INDEX ", " INDEX CONCURRENTLY ", 1)


def _models() -> list[Any]:
    return list(apps.get_app_config("pgjobs").get_models())


def _tables() -> list[str]:
    return [model._meta.db_table for model in _models()]
