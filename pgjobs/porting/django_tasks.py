"""What a project that runs Django's tasks with django-tasks-db or -rq has to change."""

from __future__ import annotations

import re
from typing import Final

from pgjobs.porting.commands import MANAGE, command, flag, option, worker
from pgjobs.porting.finding import Level
from pgjobs.porting.system import Name, System

_BACKENDS: Final = (
    "django_tasks_db.DatabaseBackend",
    "django_tasks_db.backend.DatabaseBackend",
    "django_tasks.backends.database.DatabaseBackend",
    "django_tasks_rq.RQBackend",
    "django_tasks_rq.backend.RQBackend",
    "django_tasks.backends.rq.RQBackend",
)
_KEEP: Final = "Its rows have other columns: see docs/sql.md."


def _worker(match: re.Match[str]) -> str:
    words = match["words"]
    queues = option(words, "--queue-name")
    return worker(
        "" if queues == "*" else queues,
        "--burst" if "--batch" in words else "",
        flag(words, "--max-jobs", "--max-tasks"),
        flag(words, "--name", "--worker-id"),
    )


def _prune(match: re.Match[str]) -> str:
    days = option(match["words"], "--min-age-days") or "14"
    return f"pgjobs prune --yes --days {days}"


SYSTEM: Final = System(
    name="django_tasks",
    title="django-tasks-db and django-tasks-rq",
    packages=(
        "django_tasks_db",
        "django_tasks_rq",
        "django_tasks.backends.database",
        "django_tasks.backends.rq",
    ),
    words=r"django_tasks",
    names={
        f"{module}.DBTaskResult": Name("from pgjobs.models import Job", "Job", _KEEP, Level.LOOK)
        for module in ("django_tasks_db.models", "django_tasks.backends.database.models")
    },
    apps={
        "django_tasks_db": '"procrastinate.contrib.django", "pgjobs"',
        "django_tasks_rq": '"procrastinate.contrib.django", "pgjobs"',
        "django_tasks.backends.database": '"procrastinate.contrib.django", "pgjobs"',
    },
    backends=dict.fromkeys(_BACKENDS, "pgjobs.backends.PgJobsBackend"),
    management={"db_worker": '"pgjobs_worker"', "prune_db_task_results": '"pgjobs", "prune"'},
    commands=(
        command(rf"{MANAGE}db_worker\b(?P<words>.*)", _worker),
        command(rf"{MANAGE}prune_db_task_results\b(?P<words>.*)", _prune),
    ),
    requirements={"django-tasks-db": "django-pgjobs", "django-tasks-rq": "django-pgjobs"},
)
