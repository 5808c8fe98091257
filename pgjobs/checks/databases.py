"""System checks of the databases: which of them holds the jobs, and how Django connects to it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.apps import apps
from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.contenttypes.models import ContentType
from django.core.checks import CheckMessage, Error
from django.db import connections, router

from pgjobs.conf import find_problems, get_settings
from pgjobs.models import Job, JobsMixin


def check_database(**_: Any) -> Iterable[CheckMessage]:
    """E001: the database is PostgreSQL. E002: Django uses psycopg 3. E003: USE_TZ is True."""
    connection = connections[router.db_for_write(Job)]
    if connection.vendor != "postgresql":
        yield Error(
            f"pgjobs keeps its jobs in the database {connection.alias!r}, which is "
            f"{connection.vendor}, not PostgreSQL.",
            hint="Use PostgreSQL for it, and keep users and content types there too.",
            id="pgjobs.E001",
        )
    elif not _has_psycopg_3():
        yield Error(
            "pgjobs needs psycopg 3, but Django uses psycopg2.",
            hint="Run pip install 'psycopg[binary]>=3.2'. Django prefers it to psycopg2.",
            id="pgjobs.E002",
        )
    if not settings.USE_TZ:
        yield Error(
            "pgjobs needs aware datetimes, but USE_TZ is False.",
            hint="Set USE_TZ = True.",
            id="pgjobs.E003",
        )


def check_one_database(**_: Any) -> Iterable[CheckMessage]:
    """E011: jobs, their users and objects, content types and procrastinate share one database."""
    database = router.db_for_write(Job)
    for name, other in _neighbours().items():
        if other != database:
            yield Error(
                f"pgjobs keeps its jobs in the database {database!r}, and {name} is kept in "
                f"{other!r}. Foreign keys and transactions cannot span two databases.",
                hint="Keep the apps pgjobs, procrastinate and contenttypes, the users, and all "
                "models that inherit JobsMixin in one database. DATABASE_ROUTERS decides for "
                "models, and PROCRASTINATE_DATABASE_ALIAS for procrastinate's connection.",
                id="pgjobs.E011",
            )


def check_autocommit(**_: Any) -> Iterable[CheckMessage]:
    """E012: Django's connections to the database of the jobs are in autocommit mode."""
    database = router.db_for_write(Job)
    if not connections[database].settings_dict["AUTOCOMMIT"]:
        yield Error(
            f"DATABASES[{database!r}]['AUTOCOMMIT'] is False. Each query of a job would open a "
            "transaction that nothing ends, and the job would end as errored.",
            hint="Remove AUTOCOMMIT, and use transaction.atomic() or ATOMIC_REQUESTS where you "
            "need a transaction.",
            id="pgjobs.E012",
        )


def check_direct_database(**_: Any) -> Iterable[CheckMessage]:
    """E013: DIRECT_DATABASE names a PostgreSQL of DATABASES."""
    if find_problems(getattr(settings, "PGJOBS", {})):
        return  # reported by E005
    alias = get_settings().DIRECT_DATABASE
    if alias and (alias not in connections or connections[alias].vendor != "postgresql"):
        names = ", ".join(repr(each) for each in connections)
        yield Error(
            f"PGJOBS['DIRECT_DATABASE'] is {alias!r}, which names no PostgreSQL in DATABASES.",
            hint=f"Name another way to the database of the jobs. DATABASES has {names}.",
            id="pgjobs.E013",
        )


def _neighbours() -> dict[str, str]:
    """Return the database of each model that is used together with jobs, by the model's label."""
    models: list[Any] = [
        *apps.get_app_config("pgjobs").get_models(),
        ContentType,
        get_user_model(),
        *(model for model in apps.get_models() if issubclass(model, JobsMixin)),
    ]
    if apps.is_installed("procrastinate.contrib.django"):
        models += apps.get_app_config("procrastinate").get_models()
    databases = {model._meta.label: router.db_for_write(model) for model in models}
    alias = getattr(settings, "PROCRASTINATE_DATABASE_ALIAS", "default")
    return {**databases, "procrastinate's connection": alias}


def _has_psycopg_3() -> bool:
    from django.db.backends.postgresql.psycopg_any import is_psycopg3

    return bool(is_psycopg3)
