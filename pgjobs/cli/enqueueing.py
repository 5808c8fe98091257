"""The verb that enqueues a job of a registered class."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any

from django.core.exceptions import ObjectDoesNotExist
from django.core.management.base import CommandError
from django.db import models, router

from pgjobs.cli.selection import read
from pgjobs.cli.verb import DONE, Verb, refuse
from pgjobs.exceptions import InvalidArgument
from pgjobs.registry.names import JobTarget, registered
from pgjobs.showing import did_you_mean
from pgjobs.steering import enqueueing, texts
from pgjobs.steering.actor import Actor

_OPTIONS = ("interval", "priority", "timeout", "max_attempts", "name")


class Enqueue(Verb):
    name = "enqueue"
    summary = "Enqueues one job of a registered class or function, and writes its id."

    @classmethod
    def add_arguments(cls, parser: ArgumentParser) -> None:
        parser.add_argument(
            "job_class",
            metavar="CLASS",
            help="the dotted path, or an end of it that is unambiguous",
        )
        parser.add_argument("--kwargs", default="{}", metavar="JSON", help="the arguments of run()")
        parser.add_argument("--object", metavar="APP.MODEL:KEY", help="the object of the job")
        parser.add_argument("--queue", metavar="QUEUE")
        parser.add_argument(
            "--at", metavar="SPAN", help="not before this moment, or this span from now, such as 2h"
        )
        parser.add_argument("--interval", type=int, metavar="MINUTES", help="run again and again")
        parser.add_argument("--priority", type=int, metavar="N")
        parser.add_argument("--timeout", type=int, metavar="SECONDS")
        parser.add_argument("--max-attempts", type=int, metavar="N")
        parser.add_argument(
            "--name", default="", metavar="NAME", help="for a function of @pgjobs.register"
        )
        parser.add_argument(
            "--once", action="store_true", help="unless a live job of class and object exists"
        )

    def run(self) -> int:
        target = _target(self.options["job_class"])
        options: dict[str, Any] = {name: self.options[name] for name in _OPTIONS}
        options["queue_name"] = self.options["queue"]
        if self.options["at"] is not None:
            options["schedule_at"] = read(texts.moment, "at", self.options["at"], ahead=True)
        options["arguments"] = _arguments(self.options["kwargs"])
        about = None if self.options["object"] is None else _existing(self.options["object"])
        once = self.options["once"]
        try:
            job = enqueueing.enqueue(target, about, options, by=Actor.command(), once=once)
        except (InvalidArgument, TypeError) as error:
            raise refuse(str(error)) from None
        if self.output.as_json:
            self.output.record({"id": job.pk, "status": str(job.status), "queue": job.queue_name})
        else:
            self.output.line(str(job.pk))
        return DONE


def _target(end: str) -> JobTarget:
    known = registered()
    paths = [end] if end in known else texts.classes_by_end(end)
    if len(paths) == 1:
        return known[paths[0]]
    found = "names several" if paths else "is not registered; known are"
    ends = [path.rpartition(".")[2] for path in known]
    proposal = "" if paths else did_you_mean(end, [*known, *ends])
    raise refuse(f"The job class {end!r} {found}: {', '.join(sorted(paths or known))}.{proposal}")


def _arguments(text: str) -> dict[str, Any]:
    try:
        arguments = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise refuse(f"--kwargs is no JSON: {error}") from None
    if not isinstance(arguments, dict):
        raise refuse(f"--kwargs must be a JSON object, not {text!r}.")
    return arguments


def _existing(text: str) -> models.Model:
    """Return the object that is written as ``app.model:key``. Raises CommandError."""
    named = read(texts.named_object, text)
    rows = type(named)._base_manager.using(router.db_for_write(type(named)))
    try:
        return rows.get(pk=named.pk)
    except ObjectDoesNotExist:
        raise CommandError(f"The object {text} does not exist.") from None
