"""The verbs that stop and start the claiming from queues, or of job classes."""

from __future__ import annotations

from abc import abstractmethod
from argparse import ArgumentParser
from typing import ClassVar

from django.core.management.base import CommandError
from django.db import router, transaction

from pgjobs.cli.selection import classes_by_end
from pgjobs.cli.verb import DONE, Verb, refuse
from pgjobs.exceptions import UnknownQueue
from pgjobs.models import Pause
from pgjobs.models.pause import PauseQuerySet
from pgjobs.registry.names import registered


class PausingVerb(Verb):
    """Changes each given queue and job class, and writes a line with the result of each."""

    done: ClassVar[str]
    """Follows the name of a subject that was changed."""
    already: ClassVar[str]
    """Follows the name of a subject that was left as it is."""

    @classmethod
    def add_arguments(cls, parser: ArgumentParser) -> None:
        parser.add_argument("queues", nargs="*", metavar="QUEUE", help="the name of a queue")
        parser.add_argument(
            "--job-class",
            "--class",
            action="append",
            default=[],
            metavar="PATH",
            help="a job class; the end of its dotted path is enough; the option can be repeated",
        )

    @abstractmethod
    def change(
        self, pauses: PauseQuerySet, *, queue: str | None = None, job_class: str | None = None
    ) -> bool:
        """Pause or resume one queue or one job class; return False if it is so already."""

    def run(self) -> int:
        subjects = [{"queue": name} for name in self.options["queues"]]
        subjects += [{"job_class": _path(end)} for end in self.options["job_class"]]
        if not subjects:
            raise refuse("No queue or job class is given. Name a queue, or give --job-class.")
        pauses = Pause.objects.using(router.db_for_write(Pause))
        try:
            with transaction.atomic(using=pauses.db):  # all, or none if one does not exist
                changes = [(subject, self.change(pauses, **subject)) for subject in subjects]
        except (UnknownQueue, LookupError) as error:
            raise CommandError(str(error)) from None
        if self.output.as_json:
            self.output.rows([{**subject, "changed": changed} for subject, changed in changes])
            return DONE
        for subject, changed in changes:
            (name,) = subject.values()
            self.output.line(f"{name} {self.done if changed else self.already}")
        return DONE


def _path(end: str) -> str:
    """Return the one registered path that ends so, or ``end`` itself."""
    found = [end] if end in registered() else classes_by_end(end)
    return found[0] if len(found) == 1 else end


class PauseClaims(PausingVerb):
    name = "pause"
    summary = (
        "Pauses queues or job classes: no worker of the cluster claims their jobs until "
        "they are resumed. Running jobs go on."
    )
    done, already = "paused", "was paused already"

    def change(
        self, pauses: PauseQuerySet, *, queue: str | None = None, job_class: str | None = None
    ) -> bool:
        return pauses.pause(queue=queue, job_class=job_class)


class ResumeClaims(PausingVerb):
    name = "resume"
    summary = "Resumes paused queues or job classes: workers claim their jobs again."
    done, already = "resumed", "was not paused"

    def change(
        self, pauses: PauseQuerySet, *, queue: str | None = None, job_class: str | None = None
    ) -> bool:
        return pauses.resume(queue=queue, job_class=job_class)
