"""Completes the schema where migrations of pgjobs can't, before and after ``manage.py migrate``.

A project may run without migrations, as test suites do with ``MIGRATE: False`` or
``--nomigrations``. Django then makes the tables from the models. It does not make the sequence, the
functions and the views. A migration of the project may also undo a part of the schema.
"""

from __future__ import annotations

import pkgutil
import warnings
from typing import Any, Final

from django.apps import AppConfig
from django.db import DatabaseError, connections, router
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations import CreateModel, RunSQL
from django.db.migrations.recorder import MigrationRecorder
from django.db.migrations.state import ProjectState
from django.db.models.signals import post_migrate, pre_migrate
from django.utils.module_loading import import_string

from pgjobs import migrations
from pgjobs.sql import load
from pgjobs.sql.schema import create, drop, on_deletion

_BY_USERS_KEY: Final = ("functions/user_id", "views/jobs", "views/running")
_VIEWS_BY_USERS_KEY: Final = ["pgjobs_jobs", "pgjobs_running"]
_OTHERS_DEPEND_ON_IT: Final = "2BP01"


def connect(config: AppConfig) -> None:
    """Let each ``manage.py migrate`` complete the schema of the app ``config``."""
    pre_migrate.connect(before_tables, sender=config, dispatch_uid="pgjobs.before_tables")
    post_migrate.connect(after_tables, sender=config, dispatch_uid="pgjobs.after_tables")


def before_tables(using: str, plan: Any = None, **_: Any) -> None:
    """Without migrations, make the sequence that the table of jobs needs."""
    if not _changes_the_schema(using, plan):
        return
    if _without_migrations() and not _exists(using, "pgjobs_position"):
        _run(using, _statements()[0])


def after_tables(using: str, plan: Any = None, **_: Any) -> None:
    """Without migrations, make functions and views. With migrations, renew what others changed."""
    if not _changes_the_schema(using, plan):
        return
    if _without_migrations():
        if not _exists(using, "pgjobs_jobs"):
            _run(using, _statements()[1])
    elif _all_applied(using):
        _renew_what_changed(using)


def _changes_the_schema(using: str, plan: Any) -> bool:
    """Return whether this is ``migrate``, on the database that holds the jobs.

    ``flush`` sends ``post_migrate`` too, but without a plan, and test suites flush often.
    """
    return (
        plan is not None
        and connections[using].vendor == "postgresql"
        and router.allow_migrate(using, "pgjobs", model_name="job")
    )


def _renew_what_changed(using: str) -> None:
    """Make anew what depends on the type of the users' key, if a migration has changed the type.

    Django makes the foreign keys to such a key anew, without their ON DELETE actions.
    """
    if _answer(using, load("references/lost")):
        with connections[using].cursor() as cursor:
            cursor.execute(on_deletion(of_job="CASCADE", of_user="SET NULL"))
            cursor.execute(load("references/validate"))
    if _answer(using, load("references/other_key")):
        _make_views_anew(using)


def _make_views_anew(using: str) -> None:
    """Make the views anew with the grants on them, unless something of the project reads them."""
    grants = [RunSQL(each) for each in _grants(using)]
    try:
        _run(using, [*drop(_BY_USERS_KEY), *create(_BY_USERS_KEY), *grants])
    except DatabaseError as error:
        if getattr(error.__cause__, "sqlstate", None) != _OTHERS_DEPEND_ON_IT:
            raise
        warnings.warn(
            "The view pgjobs_jobs keeps the old type of user_id, because something else depends on "
            "it. Drop that, run manage.py migrate again, and then make it anew. "
            f"({' '.join(str(error).split())})",
            stacklevel=2,
        )


def _grants(using: str) -> list[str]:
    with connections[using].cursor() as cursor:
        cursor.execute(load("references/grants"), {"views": _VIEWS_BY_USERS_KEY})
        return [statement for (statement,) in cursor.fetchall()]


def _without_migrations() -> bool:
    return MigrationLoader.migrations_module("pgjobs")[0] is None


def _all_applied(using: str) -> bool:
    applied = MigrationRecorder(connections[using]).applied_migrations()
    return all(("pgjobs", name) in applied for name in _names())


def _exists(using: str, relation: str) -> bool:
    return _answer(using, load("exists"), relation)


def _answer(using: str, question: str, *params: str) -> bool:
    with connections[using].cursor() as cursor:
        cursor.execute(question, params or None)
        return bool(cursor.fetchone()[0])


def _names() -> list[str]:
    return sorted(module.name for module in pkgutil.iter_modules(migrations.__path__))


def _statements() -> tuple[list[RunSQL], list[RunSQL]]:
    """Return the statements of all migrations: those before the first table, and those after it.

    Statements that make a part of a model are left out, because Django makes it from the model.
    """
    operations = [
        operation
        for name in _names()
        for operation in import_string(f"{migrations.__name__}.{name}.Migration").operations
    ]
    first_table = next(i for i, each in enumerate(operations) if isinstance(each, CreateModel))
    return _plain_sql(operations[:first_table]), _plain_sql(operations[first_table:])


def _plain_sql(operations: list[Any]) -> list[RunSQL]:
    return [each for each in operations if isinstance(each, RunSQL) and not each.state_operations]


def _run(using: str, operations: list[RunSQL]) -> None:
    with connections[using].schema_editor() as editor:
        for operation in operations:
            operation.database_forwards("pgjobs", editor, ProjectState(), ProjectState())
