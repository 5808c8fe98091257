"""Completes the schema before and after ``manage.py migrate``, where migrations of pgjobs can't.

Without migrations (``MIGRATE: False`` or ``--nomigrations`` of a test suite), Django creates the
tables from the models, but not the sequence, the functions and the views. With migrations, a
migration of the project may undo a part of the schema.
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
    """Create the sequence for the table of jobs, if the project runs without migrations."""
    if not _changes_the_schema(using, plan):
        return
    if _without_migrations() and not _exists(using, "pgjobs_position"):
        _run(using, _statements()[0])


def after_tables(using: str, plan: Any = None, **_: Any) -> None:
    """Create functions and views, or restore the parts that migrations of the project changed."""
    if not _changes_the_schema(using, plan):
        return
    if _without_migrations():
        if not _exists(using, "pgjobs_jobs"):
            _run(using, _statements()[1])
    elif _all_applied(using):
        _restore_changed_parts(using)


def _changes_the_schema(using: str, plan: Any) -> bool:
    """Return whether ``migrate`` runs, on the database that holds the jobs.

    ``flush`` also sends ``post_migrate``, but without a plan. Test suites flush often, so this
    module then does nothing.
    """
    return (
        plan is not None
        and connections[using].vendor == "postgresql"
        and router.allow_migrate(using, "pgjobs", model_name="job")
    )


def _restore_changed_parts(using: str) -> None:
    """Restore the ON DELETE actions and the views, if a migration has changed the users' key.

    If the type of the key changes, Django creates the foreign keys to it again, without their ON
    DELETE actions. The views keep the old type.
    """
    if _answer(using, load("references/lost")):
        with connections[using].cursor() as cursor:
            cursor.execute(on_deletion(of_job="CASCADE", of_user="SET NULL"))
            cursor.execute(load("references/validate"))
    if _answer(using, load("references/other_key")):
        _recreate_views(using)


def _recreate_views(using: str) -> None:
    """Drop and create the views, and repeat their grants.

    Warns, and keeps the views, if an object of the project depends on a view.
    """
    grants = [RunSQL(each) for each in _grants(using)]
    try:
        _run(using, [*drop(_BY_USERS_KEY), *create(_BY_USERS_KEY), *grants])
    except DatabaseError as error:
        if getattr(error.__cause__, "sqlstate", None) != _OTHERS_DEPEND_ON_IT:
            raise
        warnings.warn(
            "The view pgjobs_jobs keeps the old type of user_id, because another object depends on "
            "it. Drop this object, run manage.py migrate again, and then create the object again. "
            f"({' '.join(str(error).split())})",
            stacklevel=2,
        )


def _grants(using: str) -> list[str]:
    """Return the GRANT statements of the present grants on the views."""
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
    """Return the statements of all migrations, as two lists: before and after the first table.

    The lists have no statements for parts of a model: Django creates these parts from the model.
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
