"""The verb that asks the doctor."""

from __future__ import annotations

from dataclasses import asdict
from typing import Final

from django.core.management.base import CommandError
from django.db import OperationalError

from pgjobs.cli.verb import Verb
from pgjobs.doctor import Severity, examine

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
