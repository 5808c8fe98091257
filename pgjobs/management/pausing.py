"""The common part of the commands ``pgjobs_pause`` and ``pgjobs_resume``."""

from __future__ import annotations

from abc import abstractmethod
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from pgjobs.exceptions import UnknownQueue


class PausingCommand(BaseCommand):
    """Changes each given queue and job class, and writes a line with the result of each."""

    done: str
    """Follows the name of a subject that was changed."""
    already: str
    """Follows the name of a subject that was left as it is."""

    @abstractmethod
    def change(self, *, queue: str | None = None, job_class: str | None = None) -> bool:
        """Pause or resume one queue or one job class; return False if it is so already."""

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("queues", nargs="*", metavar="QUEUE", help="the name of a queue")
        parser.add_argument(
            "--job-class",
            action="append",
            default=[],
            metavar="PATH",
            help="the dotted path of a job class; the option can be repeated",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        subjects = [{"queue": name} for name in options["queues"]]
        subjects += [{"job_class": path} for path in options["job_class"]]
        if not subjects:
            raise CommandError(
                "No queue or job class is given. Name a queue, or a job class with --job-class."
            )
        for subject in subjects:
            try:
                changed = self.change(**subject)
            except (UnknownQueue, LookupError) as error:
                raise CommandError(str(error)) from None
            (name,) = subject.values()
            self.stdout.write(f"{name} {self.done if changed else self.already}")
