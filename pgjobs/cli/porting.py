"""The verb that lists what a code base has to change to come to pgjobs."""

from __future__ import annotations

from argparse import ArgumentParser
from collections import Counter
from itertools import groupby
from pathlib import Path
from typing import Final

from pgjobs.cli.verb import DONE, NOTHING, Verb, refuse
from pgjobs.porting import SYSTEMS, Finding, Level, Port, port
from pgjobs.porting.schedules import as_code, read_schedules

_LONGEST: Final = 100
"""Characters of the old code in a line. ``--json`` has all of it."""
_OFTEN: Final = 1_000
"""Files between two lines of progress."""


class PortCode(Verb):
    name = "port"
    summary = (
        "Lists what a code base has to change, line by line, to run its jobs with pgjobs: NetBox "
        "plugins, django-rq, Celery, django-q2, django-tasks-db. It reads the files and runs "
        "nothing. Exits with 1 if there is something to change."
    )

    @classmethod
    def add_arguments(cls, parser: ArgumentParser) -> None:
        parser.add_argument("path", nargs="?", metavar="PATH", help="a directory, or a file")
        parser.add_argument(
            "--system",
            action="append",
            choices=list(SYSTEMS),
            help="look only for this old system; can be repeated",
        )
        parser.add_argument(
            "--schedules",
            action="store_true",
            help="print the schedules in the tables of django-celery-beat and django-q2 as code",
        )

    def run(self) -> int:
        path, schedules = self.options["path"], self.options["schedules"]
        if (path is None) is not schedules:
            raise refuse("Give either the PATH of a code base, or --schedules.")
        return self._schedules() if schedules else self._code(Path(path))

    # Code --------------------------------------------------------------------------------

    def _code(self, root: Path) -> int:
        systems = list(dict.fromkeys(self.options["system"] or SYSTEMS))
        try:
            found = port(root, systems, self._progress)
        except OSError as error:
            raise refuse(f"{root} can't be read: {error.strerror}.") from None
        for each in found.passed_over:
            self.output.progress(f"passed over: {each.path}: {each.why}")
        if self.output.as_json:
            self.output.rows(found.findings)
        else:
            self._lines(found)
        return NOTHING if found.findings or found.passed_over else DONE

    def _progress(self, files: int) -> None:
        if files % _OFTEN == 0:
            self.output.progress(f"{files} files read")

    def _lines(self, found: Port) -> None:
        for _, findings in groupby(found.findings, key=lambda each: each.path):
            told: set[str] = set()
            for finding in findings:
                self.output.line(_line(finding))
                if finding.why and finding.why not in told:
                    self.output.line(f"    {finding.why}")
                told.add(finding.why)
            self.output.text("")
        for line in _summary(found) or [f"Nothing to change in {found.files} files."]:
            self.output.line(line)

    # Schedules ---------------------------------------------------------------------------

    def _schedules(self) -> int:
        if self.options["system"]:
            raise refuse("--system is for code: leave it out with --schedules.")
        try:
            kept = read_schedules()
        except LookupError as error:
            raise refuse(str(error.args[0])) from None
        if self.output.as_json:
            self.output.rows(kept)
        elif kept:
            self.output.text(as_code(kept))
        else:
            self.output.progress("The tables have no schedules.")
        return NOTHING if kept else DONE


def _line(finding: Finding) -> str:
    old = finding.old if len(finding.old) <= _LONGEST else f"{finding.old[: _LONGEST - 1]}…"
    look = "look: " if finding.level is Level.LOOK else ""
    return f"{finding.path}:{finding.line}: {look}{old} → {finding.new}"


def _summary(found: Port) -> list[str]:
    """Return a line for each old system that was found."""
    counts = Counter((each.system, each.level) for each in found.findings)
    lines = []
    for name, system in SYSTEMS.items():
        change, look = counts[name, Level.CHANGE], counts[name, Level.LOOK]
        files = len({each.path for each in found.findings if each.system == name})
        if files:
            of = f"{files} file{'s' if files > 1 else ''}"
            lines.append(f"{system.title}: {change} to change, {look} to look at, in {of}.")
    return lines
