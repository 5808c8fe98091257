"""System checks of the settings of Django's connections to the database of the jobs."""

from __future__ import annotations

import codecs
from collections.abc import Iterable, Sequence
from typing import Any, Final

import psycopg
from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning
from django.db import DatabaseError, connections, router

from pgjobs.conf import find_problems, get_settings
from pgjobs.models import Job
from pgjobs.sql import load
from pgjobs.worker.connection import EngineConnection

_STRICT: Final = (psycopg.IsolationLevel.REPEATABLE_READ, psycopg.IsolationLevel.SERIALIZABLE)
_POOL_SIZE: Final = 4
"""Connections of psycopg's pool if neither ``min_size`` nor ``max_size`` is given."""
_TEMPORARY: Final = "pg_temp_"
"""Begins the name of a schema that a session has for its temporary tables."""
_ENGINES_SHARE: Final = 2
"""Connections of the pool that the threads of a worker need beside those of its slots."""


def check_pool(**_: Any) -> Iterable[CheckMessage]:
    """W030: a pool has a connection for each slot of a worker, and two more."""
    if not _settings_can_be_read():
        return
    database = router.db_for_write(Job)
    size, slots = _pool_size(_options(database)), get_settings().CONCURRENCY
    if size is not None and size < slots + _ENGINES_SHARE:
        yield Warning(
            f"The pool of DATABASES[{database!r}] has {size} connections, and a worker with "
            f"{slots} slots may need {slots + _ENGINES_SHARE}: a job that finds none within the "
            "pool's timeout ends as errored.",
            hint="Set OPTIONS['pool'] = {'max_size': …}, or lower PGJOBS['CONCURRENCY'].",
            id="pgjobs.W030",
        )


def check_schemas_of_tenants(**_: Any) -> Iterable[CheckMessage]:
    """E032: with django-tenants, the tables of pgjobs are shared by the tenants."""
    if "pgjobs" in getattr(settings, "TENANT_APPS", ()):
        yield Error(
            "TENANT_APPS has 'pgjobs', so each tenant has a table of jobs of its own, and a worker "
            "sees the one in the schema of its own connection alone.",
            hint="Move 'pgjobs' and 'procrastinate.contrib.django' to SHARED_APPS, and give the "
            "tenant to the job as an argument. docs/databases.md says more.",
            id="pgjobs.E032",
        )


def check_client_encoding(**_: Any) -> Iterable[CheckMessage]:
    """W033: connections use UTF-8."""
    database = router.db_for_write(Job)
    encoding = str(_options(database).get("client_encoding") or "utf-8")
    if not _is_utf_8(encoding):
        yield Warning(
            f"DATABASES[{database!r}]['OPTIONS']['client_encoding'] is {encoding!r}: arguments, "
            "results and texts with other characters are refused.",
            hint="Remove client_encoding. Django's default is UTF8.",
            id="pgjobs.W033",
        )


def check_isolation_level(**_: Any) -> Iterable[CheckMessage]:
    """W034: statements of jobs do not fail because another transaction has changed a row."""
    database = router.db_for_write(Job)
    level = _options(database).get("isolation_level")
    if level in _STRICT:  # Django refuses a level that does not exist
        name = psycopg.IsolationLevel(level).name.replace("_", " ").lower()
        yield Warning(
            f"DATABASES[{database!r}]['OPTIONS']['isolation_level'] is {name}. pgjobs tries its "
            "own statements again, but a transaction of a job or of a view that fails to be "
            "serialized raises OperationalError.",
            hint="Let jobs try again: Meta.retry_on = (OperationalError,). Then silence this "
            "warning with SILENCED_SYSTEM_CHECKS.",
            id="pgjobs.W034",
        )


def check_migration_modules(**_: Any) -> Iterable[CheckMessage]:
    """W035: the migrations of pgjobs are its own, or there are none."""
    modules = settings.MIGRATION_MODULES
    # pytest-django's --nomigrations sets an object that has no other methods than these two.
    if "pgjobs" in modules and (module := modules["pgjobs"]):
        yield Warning(
            f"MIGRATION_MODULES takes the migrations of pgjobs from {module!r}. The functions and "
            "views of a later release would be missing.",
            hint="Remove the entry. None, for a test suite without migrations, works.",
            id="pgjobs.W035",
        )


def check_same_tables(databases: Sequence[str] | None = None, **_: Any) -> Iterable[CheckMessage]:
    """E031: a worker's own connections see the tables that Django's connections see.

    The check connects, so it runs with ``check --database`` and ``migrate``, and as a worker
    starts.
    """
    database = router.db_for_write(Job)
    if database not in (databases or ()) or not _settings_can_be_read():
        return
    ways = {database, get_settings().DIRECT_DATABASE or database}
    if not all(way in connections and _is_postgresql(way) for way in ways):
        return  # reported by E001 or E013
    try:
        # The worker's connection comes first: it gives up after seconds if no server answers.
        worker = _seen_by_a_worker(database)
        django = _seen_by_django(database)
    except (DatabaseError, psycopg.Error):
        return  # whoever connects next says it better
    if django != worker and django[-1] is not None:  # which it is before the first ``migrate``
        yield Error(
            f"Django's connections see the table of jobs {_shown(django)}, and those of a worker "
            f"see it {_shown(worker)}.",
            hint="Set the search path by OPTIONS['options'], or in PostgreSQL for the role: the "
            "worker's own connections don't follow receivers of connection_created, nor what a "
            "database backend does later. PGJOBS['DIRECT_DATABASE'] must lead to the same place.",
            id="pgjobs.E031",
        )


def check_schema_of_new_tables(
    databases: Sequence[str] | None = None, **_: Any
) -> Iterable[CheckMessage]:
    """E037: new tables last. Like E031, the check connects."""
    database = router.db_for_write(Job)
    if database not in (databases or ()) or not _is_postgresql(database):
        return
    # Not by Django's connection: it may wait for minutes if no server answers.
    connection = EngineConnection(database, "check")
    try:
        row = connection.cursor().execute(load("schema_of_new_tables")).fetchone()
    except psycopg.Error:
        return  # whoever connects next says it better
    finally:
        connection.close()
    if row is not None and str(row[0]).startswith(_TEMPORARY):
        yield Error(
            f"The search path of connections to DATABASES[{database!r}] begins with pg_temp, so "
            "migrate would make temporary tables, which vanish with its connection.",
            hint="Put a schema before pg_temp, in OPTIONS['options'], or in PostgreSQL for the "
            "role or the database.",
            id="pgjobs.E037",
        )


def _seen_by_django(alias: str) -> tuple[Any, ...]:
    with connections[alias].cursor() as cursor:
        cursor.execute(load("place"))
        return tuple(cursor.fetchone())


def _seen_by_a_worker(alias: str) -> tuple[Any, ...]:
    connection = EngineConnection.with_session(alias, "check")
    try:
        row = connection.cursor().execute(load("place")).fetchone()
        assert row is not None  # the statement reads no table
        return tuple(row)
    finally:
        connection.close()


def _shown(place: tuple[Any, ...]) -> str:
    database, schema, _table = place
    return f"in the schema {schema} of {database}" if schema else f"nowhere in {database}"


def _pool_size(options: dict[str, Any]) -> int | None:
    """Return how many connections the pool of a process can have.

    Return None without a pool, and for a size that psycopg refuses with its first connection.
    """
    pool = options.get("pool")
    if not pool:
        return None
    given = pool if isinstance(pool, dict) else {}
    size = given.get("max_size") or given.get("min_size", _POOL_SIZE)
    return size if isinstance(size, int) else None


def _options(alias: str) -> dict[str, Any]:
    """Return the OPTIONS of a PostgreSQL; those of another database mean something else."""
    return connections[alias].settings_dict["OPTIONS"] if _is_postgresql(alias) else {}


def _is_postgresql(alias: str) -> bool:
    return connections[alias].vendor == "postgresql"


def _is_utf_8(encoding: str) -> bool:
    try:
        return codecs.lookup(encoding).name == "utf-8"
    except LookupError:
        return encoding.upper() == "UNICODE"  # PostgreSQL's older name


def _settings_can_be_read() -> bool:
    return not find_problems(getattr(settings, "PGJOBS", {}))
