"""The verbs that examine: the doctor, and the checkup of the indexes."""

from __future__ import annotations

from argparse import ArgumentParser
from dataclasses import asdict
from typing import Final

from django.core.management.base import CommandError
from django.db import DatabaseError, OperationalError

from pgjobs.cli.verb import DONE, NOTHING, Verb
from pgjobs.doctor import Index, Severity, checkup, examine, repair
from pgjobs.steering.selection import all_jobs

_CODES: Final = {Severity.NOTE: 0, Severity.WARNING: 1, Severity.CRITICAL: 3}


class Doctor(Verb):
    name = "doctor"
    summary = (
        "Looks for what slows jobs down or keeps them waiting, and says what to do. Exits with 0 "
        "if all is well, with 1 after a warning, and with 3 if something is critical."
    )

    def run(self) -> int:
        try:
            findings = examine()
        except OperationalError as error:
            raise CommandError(
                f"The database does not answer: {' '.join(str(error).split())}",
                returncode=_CODES[Severity.CRITICAL],
            ) from None
        if self.output.as_json:
            named = ({**asdict(each), "severity": each.severity.name.lower()} for each in findings)
            self.output.rows(list(named))
        else:
            for finding in findings:
                self.output.line(f"{finding.severity.name}: {finding.about}")
                self.output.line(f"  {finding.evidence}")
                self.output.line(f"  {finding.remedy}")
            if not findings:
                self.output.line("All is well.")
        return _CODES[max((each.severity for each in findings), default=Severity.NOTE)]


class Checkup(Verb):
    name = "checkup"
    summary = (
        "Lists the indexes of pgjobs: those that are missing, not valid or bloated first. With "
        "--repair it makes them anew, without a lock that jobs wait for. Exits with 1 if an index "
        "needs repair."
    )

    @classmethod
    def add_arguments(cls, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--repair", action="store_true", help="create or rebuild what needs it, CONCURRENTLY"
        )

    def run(self) -> int:
        using = all_jobs().db
        found = checkup(using)
        if self.options["repair"]:
            for index in found:
                self._repair(index, using)
            found = checkup(using)
        self.output.rows(found, "name state bytes needed scans repair")
        return NOTHING if any(index.repair for index in found) else DONE

    def _repair(self, index: Index, using: str) -> None:
        if not index.repair:
            return
        self.output.progress(index.repair)
        try:
            repair(index, using)
        except DatabaseError as error:
            reason = " ".join(str(error).split())
            raise CommandError(f"{index.name} is still {index.state}: {reason}") from None
