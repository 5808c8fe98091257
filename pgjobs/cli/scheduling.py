"""The verbs that steer system jobs: run now, switch off and on, edit the rule."""

from __future__ import annotations

from abc import abstractmethod
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from typing import ClassVar

from django.core.management.base import CommandError

from pgjobs import stats
from pgjobs.cli.output import moment_in_words
from pgjobs.cli.verb import DONE, NOTHING, Verb, refuse
from pgjobs.exceptions import InvalidArgument
from pgjobs.models import Schedule
from pgjobs.models.job_database import job_database
from pgjobs.steering import schedules
from pgjobs.steering.actor import Actor


class RunSchedule(Verb):
    name = "run-schedule"
    summary = (
        "Enqueues system jobs now, and leaves their next runs as they are. Exits with 1 if a run "
        "of one is live already."
    )

    @classmethod
    def add_arguments(cls, parser: ArgumentParser) -> None:
        _add_names(parser)

    def run(self) -> int:
        with _refused_in_words():
            runs = {
                name: schedules.run(name, by=Actor.command())
                for name in _paths(self.options["names"])
            }
        if self.output.as_json:
            rows = [
                {"schedule": name, "job": run.job.pk, "status": run.job.status, "new": run.is_new}
                for name, run in runs.items()
            ]
            self.output.rows(rows)
        else:
            for name, run in runs.items():
                said = "enqueued" if run.is_new else f"is {run.job.status} already"
                self.output.line(f"{name}: job {run.job.pk} {said}")
        return DONE if all(run.is_new for run in runs.values()) else NOTHING


class SwitchingVerb(Verb):
    """Switches each given system job, and writes a line with the result of each."""

    done: ClassVar[str]
    already: ClassVar[str]

    @classmethod
    def add_arguments(cls, parser: ArgumentParser) -> None:
        _add_names(parser)

    @abstractmethod
    def change(self, name: str) -> bool:
        """Switch one system job; return False if it is so already."""

    def run(self) -> int:
        with _refused_in_words():
            changes = {name: self.change(name) for name in _paths(self.options["names"])}
        if self.output.as_json:
            rows = [{"schedule": name, "changed": changed} for name, changed in changes.items()]
            self.output.rows(rows)
        else:
            for name, changed in changes.items():
                self.output.line(f"{name} {self.done if changed else self.already}")
        return DONE


class SwitchOff(SwitchingVerb):
    name = "switch-off"
    summary = "Switches system jobs off: they run no more until they are switched on."
    done, already = "switched off", "was switched off already"

    def change(self, name: str) -> bool:
        return schedules.switch_off(name, by=Actor.command())


class SwitchOn(SwitchingVerb):
    name = "switch-on"
    summary = "Switches system jobs on: they run by their rules, without the runs they missed."
    done, already = "switched on", "was not switched off"

    def change(self, name: str) -> bool:
        return schedules.switch_on(name, by=Actor.command())


class EditSchedule(Verb):
    name = "edit-schedule"
    summary = "Gives a system job another rule, if its class has Meta.editable_schedule."

    @classmethod
    def add_arguments(cls, parser: ArgumentParser) -> None:
        _add_names(parser, number=None)
        rule = parser.add_mutually_exclusive_group(required=True)
        rule.add_argument("--interval", type=int, metavar="MINUTES", help="run so often")
        rule.add_argument("--cron", metavar="CRON", help='run by five fields, such as "15 3 * * *"')
        rule.add_argument("--by-code", action="store_true", help="take the rule of the code again")

    def run(self) -> int:
        (name,) = _paths([self.options["names"]])
        with _refused_in_words():
            if self.options["by_code"]:
                schedules.take_back(name, by=Actor.command())
            else:
                rule = {key: self.options[key] for key in ("interval", "cron")}
                schedules.edit(name, by=Actor.command(), **rule)
        (row,) = (each for each in stats.schedules(job_database()) if each.job_class == name)
        if self.output.as_json:
            self.output.record(row)
        else:
            at = "switched off" if row.next_run is None else f"next {moment_in_words(row.next_run)}"
            self.output.line(f"{name}: {row.rule}, {at}")
        return DONE


@contextmanager
def _refused_in_words() -> Iterator[None]:
    """Turn a refusal into the error of the command."""
    try:
        yield
    except InvalidArgument as error:
        raise refuse(str(error)) from None
    except LookupError as error:
        raise CommandError(str(error)) from None


def _add_names(parser: ArgumentParser, number: str | None = "+") -> None:
    parser.add_argument(
        "names",
        nargs=number,
        metavar="NAME",
        help="the dotted path of a system job, or an end of it that is unambiguous",
    )


def _paths(ends: list[str]) -> list[str]:
    """Return the schedules that are meant. Raises CommandError, before any of them has changed."""
    rows = Schedule.objects.using(job_database()).order_by("job_class")
    known = list(rows.values_list("job_class", flat=True))
    return list(dict.fromkeys(_path(end, known) for end in ends))


def _path(end: str, known: list[str]) -> str:
    found = [end] if end in known else [each for each in known if f".{each}".endswith(f".{end}")]
    if len(found) == 1:
        return found[0]
    if found:
        raise refuse(f"The name {end!r} ends several system jobs: {', '.join(found)}.")
    listed = f"There are: {', '.join(known)}." if known else "A worker writes them when it starts."
    raise refuse(f"There is no system job {end!r}. {listed}")
