"""``manage.py pgjobs_cancel``"""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from pgjobs.models import Job


class Command(BaseCommand):
    help = (
        "Cancels jobs: waiting ones at once, running ones are told to end within a second. "
        "Exits 1 if one of them does not exist or has finished already."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("ids", nargs="+", type=int, metavar="ID", help="a job's id")
        parser.add_argument(
            "--keep-schedule",
            action="store_true",
            help="skip this run of a recurring job and let its chain go on",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        refused = [job_id for job_id in options["ids"] if not self._cancel(job_id, options)]
        if refused:
            ids = ", ".join(map(str, refused))
            raise CommandError(f"Not cancelled, as they have finished or do not exist: {ids}.")

    def _cancel(self, job_id: int, options: dict[str, Any]) -> bool:
        jobs = Job.objects.filter(pk=job_id)
        if not jobs.cancel(keep_schedule=options["keep_schedule"]):
            return False
        self.stdout.write(f"{job_id} {jobs.get().get_status_display().lower()}")
        return True
