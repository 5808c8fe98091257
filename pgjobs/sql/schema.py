"""Operations by which migrations create and drop functions and views.

A name is that of a file under `pgjobs/sql` without its suffix, such as "views/jobs". Migrations
import this module, so it must stay importable, and its functions must keep their meanings.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from django.db.migrations.operations.special import RunSQL

from pgjobs.sql import load


def create(names: Sequence[str]) -> list[RunSQL]:
    """Return the operations that create these functions and views, in this order."""
    return [RunSQL(load(name), _drop(name)) for name in names]


def drop(names: Sequence[str]) -> list[RunSQL]:
    """Return the operations that drop these functions and views, the last first.

    If the migration is reversed, they create the functions and views from the same files.
    """
    return [RunSQL(_drop(name), load(name)) for name in reversed(names)]


def replace(old: Sequence[str], new: Sequence[str]) -> list[RunSQL]:
    """Return the operations that give functions, or views with the same columns, new texts.

    A view or function that is dropped and created would lose the rights that somebody has granted
    on it. A function loses its settings, such as its search path, in both ways.
    """
    return [
        RunSQL(_replacing(after), _replacing(before))
        for before, after in zip(old, new, strict=True)
    ]


def extend(old: str, new: str, readers: Sequence[str] = ()) -> list[RunSQL]:
    """Return the operations that give a view more columns at its end, and keep granted rights.

    If the migration is reversed, the view is dropped and made by its old text, and so are the views
    that read it, ``readers``. They lose their rights then.
    """
    return [
        *(RunSQL(RunSQL.noop, load(name)) for name in reversed(readers)),
        RunSQL(_replacing(new), [_drop(new), load(old)]),
        *(RunSQL(RunSQL.noop, _drop(name)) for name in readers),
    ]


def rights_as_on(older: str, newer: str) -> RunSQL:
    """Return the operation that gives the rights on the table ``older`` on ``newer`` too."""
    sql = load("rights_as_on").replace("{older}", older).replace("{newer}", newer)
    return RunSQL(sql, RunSQL.noop)


def on_deletion(*, of_job: str, of_user: str) -> str:
    """Return the statement that gives the foreign keys these ON DELETE actions."""
    return load("references/deletion").replace("{on_job}", of_job).replace("{on_user}", of_user)


def _replacing(name: str) -> str:
    return re.sub(r"^CREATE (?=FUNCTION|VIEW)", "CREATE OR REPLACE ", load(name))


def _drop(name: str) -> str:
    # "()" tells a function without arguments from another one of its name.
    made = re.match(r"CREATE (FUNCTION|VIEW) (\w+(?:\(\))?)", load(name))
    assert made is not None
    return f"DROP {made[1]} {made[2]}"
