"""The verb that opens the screen, or says why it can't."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from typing import Final

from pgjobs.cli.output import is_terminal
from pgjobs.cli.verb import Verb, refuse

_SHORTEST, _LONGEST = 0.2, 3600
_INSTALL: Final = "top needs the extra 'tui': pip install 'django-pgjobs[tui]' ({error})."


class Top(Verb):
    name = "top"
    summary = (
        "Shows queues, workers, running jobs, rates and failures on a full screen, with keys to "
        "pause, cancel and retry. Needs the extra 'tui'."
    )

    @classmethod
    def add_arguments(cls, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--interval",
            type=float,
            default=2.0,
            metavar="SECONDS",
            help="from one look at the database to the next (2)",
        )

    def run(self) -> int:
        interval = self.options["interval"]
        if not _SHORTEST <= interval <= _LONGEST:
            raise refuse(
                f"--interval must be a number of seconds from {_SHORTEST} to {_LONGEST}, "
                f"not {interval}."
            )
        if self.output.as_json:
            raise refuse("top draws on a terminal and has no --json. `list` and `queues` have.")
        try:
            from pgjobs.cli.top.app import run_screen
        except ImportError as error:
            raise refuse(_INSTALL.format(error=error)) from None
        # The screen is drawn on the standard error.
        if not all(map(is_terminal, (sys.stdin, sys.stdout, sys.stderr))):
            raise refuse(
                "top needs a terminal: its input or its output is a file or a pipe. `list`, "
                "`queues` and `workers` write to files."
            )
        return run_screen(interval)
