"""The verbs that stop and start the claiming from queues, or of job classes."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Callable
from typing import ClassVar

from django.core.management.base import CommandError
from django.db import transaction

from pgjobs.cli.verb import DONE, Verb, refuse
from pgjobs.exceptions import UnknownQueue
from pgjobs.models.job_database import job_database
from pgjobs.registry.names import registered
from pgjobs.steering import single, texts
from pgjobs.steering.actor import Actor


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

    change: ClassVar[Callable[..., bool]]
    """Pauses or resumes one queue or one job class; returns False if it is so already."""

    def run(self) -> int:
        subjects = [{"queue": name} for name in self.options["queues"]]
        subjects += [{"job_class": _path(end)} for end in self.options["job_class"]]
        if not subjects:
            raise refuse("No queue or job class is given. Name a queue, or give --job-class.")
        change, by = type(self).change, Actor.command()
        try:
            with transaction.atomic(using=job_database()):  # all, or none if one does not exist
                changes = [(subject, change(by=by, **subject)) for subject in subjects]
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
    found = [end] if end in registered() else texts.classes_by_end(end)
    return found[0] if len(found) == 1 else end


class PauseClaims(PausingVerb):
    name = "pause"
    summary = (
        "Pauses queues or job classes: no worker of the cluster claims their jobs until "
        "they are resumed. Running jobs go on."
    )
    done, already = "paused", "was paused already"
    change = staticmethod(single.pause)


class ResumeClaims(PausingVerb):
    name = "resume"
    summary = "Resumes paused queues or job classes: workers claim their jobs again."
    done, already = "resumed", "was not paused"
    change = staticmethod(single.resume)
