"""A management command that is one verb of ``manage.py pgjobs`` under a name of its own."""

from __future__ import annotations

import os
import sys
from argparse import ArgumentParser
from typing import Any, ClassVar

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError

from pgjobs.cli.output import Output, printable, printable_lines
from pgjobs.cli.verb import NOTHING, Verb
from pgjobs.error_texts import said_by


class VerbCommand(BaseCommand):
    """Runs ``verb``, and exits with its code if it is not 0."""

    verb: ClassVar[type[Verb]]

    def add_arguments(self, parser: ArgumentParser) -> None:
        add_verb(parser, self.verb)

    def handle(self, *args: Any, **options: Any) -> None:
        run_verb(self, self.verb, options)


def add_verb(parser: ArgumentParser, verb: type[Verb]) -> None:
    """Declare the options of ``verb``."""
    verb.add_arguments(parser)
    parser.add_argument("--json", action="store_true", help="write JSON: spans are seconds")


def run_verb(command: BaseCommand, verb: type[Verb], options: dict[str, Any]) -> None:
    """Run ``verb``. Raises SystemExit if its exit code is not 0.

    Raises CommandError if the database does not answer, or lacks tables or rights.
    """
    output = Output(command.stdout, command.stderr, as_json=options["json"])
    try:
        code = verb(output, options).run()
        output.flush()
    except CommandError as error:
        # It may quote a row, or an error of a trigger.
        said = printable_lines(str(error))
        raise CommandError(said, returncode=error.returncode) from error.__cause__
    except DatabaseError as error:
        said = printable(" ".join(said_by(error).split()))
        raise CommandError(f"PostgreSQL refuses: {said}") from error
    except BrokenPipeError:
        # The reader wants no more, as `head` does. Python would fail again as it closes the stream.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = NOTHING
    if code:
        sys.exit(code)
