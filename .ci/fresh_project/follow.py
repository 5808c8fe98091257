"""Migrate a new database, enqueue a job of each kind, let a worker run them, and compare.

Run it by the Python of an environment in which pgjobs is installed, in this directory.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from datetime import timedelta
from pathlib import Path

import django

os.environ["DJANGO_SETTINGS_MODULE"] = "settings"
COMPLETED = {"completed": 1}
EXPECTED = {
    "Plain": {"completed": 4},
    "Once": COMPLETED,
    "Due": COMPLETED,
    "AboutSite": COMPLETED,
    "Atomic": COMPLETED,
    "Coroutine": COMPLETED,
    "Isolated": COMPLETED,
    "Fresh": COMPLETED,
    "Retried": COMPLETED,
    "Errored": {"errored": 1},
    "Failed": {"failed": 1},
    "function": COMPLETED,
    "registered": COMPLETED,
    "Recurring": {"completed": 1, "scheduled": 1},
    "Later": {"scheduled": 1},
    "Cancelled": {"cancelled": 1},
}
LABELS = {"atomic", "isolated", "fresh", "function", "registered", "low level", "hourly"}


def manage(*arguments: str) -> None:
    """Run a command of Django; show its output if it fails."""
    done = subprocess.run(
        [sys.executable, "-m", "django", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if done.returncode:
        sys.exit(f"{' '.join(arguments)} has failed:\n{done.stdout}")


def enqueue() -> None:
    """Enqueue at least one job of each kind."""
    from django.conf import settings
    from django.utils import timezone
    from shop import jobs
    from shop.models import Site

    from pgjobs.models import Job

    now = timezone.now()
    jobs.Once.enqueue_once()
    jobs.Once.enqueue_once()
    jobs.Plain.enqueue_many({"count": count} for count in range(3))
    jobs.Plain.enqueue(count=4)
    jobs.Due.enqueue(schedule_at=now - timedelta(hours=1))
    jobs.Later.enqueue(schedule_at=now + timedelta(hours=1))
    jobs.Recurring.enqueue(interval=60)
    jobs.Cancelled.enqueue().cancel()
    jobs.AboutSite.enqueue(Site.objects.create(name="Lund"))
    for each in (
        *(jobs.Atomic, jobs.Coroutine, jobs.Isolated, jobs.Fresh),
        *(jobs.Retried, jobs.Errored, jobs.Failed),
    ):
        each.enqueue()
    jobs.function.enqueue(label="function")
    Job.enqueue(jobs.registered, name="registered", label="registered")
    jobs.low_level.defer(label="low level")
    if settings.HAS_TASKS:
        jobs.task_of_django.enqueue("task of django")


def complaints() -> list[str]:
    """Return what is not as it should be after the worker has ended."""
    from django.conf import settings
    from shop.models import Sale

    from pgjobs.models import Job

    found = []
    for name, statuses in EXPECTED.items():
        there = Counter(Job.objects.filter(name=name).values_list("status", flat=True))
        if there != statuses:
            found.append(f"{name}: {dict(there)} instead of {statuses}")
    missing = LABELS - set(Sale.objects.values_list("label", flat=True))
    if settings.HAS_TASKS and not Sale.objects.filter(label="task of django").exists():
        missing.add("task of django")
    return [*found, *(f"nothing has left {label!r}" for label in sorted(missing))]


def main() -> None:
    import pgjobs

    if not Path(pgjobs.__path__[0]).is_relative_to(sys.prefix):
        sys.exit(f"{pgjobs.__path__[0]} is not what was installed in {sys.prefix}.")
    manage("makemigrations", "shop", "-v", "0")
    manage("migrate", "-v", "0")
    manage("check", "--database", "default", "--fail-level", "ERROR")
    django.setup()
    enqueue()
    manage("pgjobs_worker", "--burst")
    if found := complaints():
        sys.exit("\n".join(found))
    from django.db import connection

    connection.ensure_connection()
    print(
        f"Python {sys.version.split()[0]}, Django {django.__version__}, "
        f"PostgreSQL {connection.pg_version // 10000}: all jobs have their outcomes"
    )


if __name__ == "__main__":
    main()
