"""What each project may be asked."""

from __future__ import annotations

from typing import Any

from django.core.management import call_command

from pgjobs.models import Job


def make_tables() -> None:
    call_command("migrate", run_syncdb=True, verbosity=0)


def jobs() -> list[list[Any]]:
    return [[job.name, str(job.status)] for job in Job.objects.order_by("pk")]
