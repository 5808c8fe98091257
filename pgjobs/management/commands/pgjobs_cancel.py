"""``manage.py pgjobs_cancel``: cancel jobs by their ids."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import router

from pgjobs.models import Job


class Command(BaseCommand):
    help = (
        "Cancels jobs. A waiting job is cancelled at once; a running job is told to stop within a "
        "second. Exits with 1 if one of the jobs does not exist or has already finished."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("ids", nargs="+", type=int, metavar="ID", help="the id of a job")
        parser.add_argument(
            "--keep-schedule",
            action="store_true",
            help="skip only this run of a recurring job: its next run stays",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        refused = [job_id for job_id in options["ids"] if not self._cancel(job_id, options)]
        if refused:
            ids = ", ".join(map(str, refused))
            raise CommandError(f"Not cancelled because they have finished or do not exist: {ids}.")

    def _cancel(self, job_id: int, options: dict[str, Any]) -> bool:
        jobs = Job.objects.using(router.db_for_write(Job)).filter(pk=job_id)
        if not jobs.cancel(keep_schedule=options["keep_schedule"]):
            return False
        self.stdout.write(f"{job_id} {jobs.get().get_status_display().lower()}")
        return True
