"""The common part of the verbs of ``manage.py pgjobs``."""

from __future__ import annotations

import sys
from abc import ABC, abstractmethod
from argparse import ArgumentParser
from typing import Any, ClassVar, Final

from django.core.management.base import CommandError

from pgjobs.cli.output import Output, is_terminal

DONE: Final = 0
NOTHING: Final = 1
"""The exit code if nothing matched, or if not all was done."""
WRONG_USE: Final = 2


class Verb(ABC):
    """One subcommand. Its options come by their names, as from ``argparse``."""

    name: ClassVar[str]
    summary: ClassVar[str]
    """One sentence, for ``--help``."""

    def __init__(self, output: Output, options: dict[str, Any]) -> None:
        self.output = output
        self.options = options

    @classmethod  # noqa: B027 - many verbs have no options
    def add_arguments(cls, parser: ArgumentParser) -> None:
        """Declare the options of this verb, if it has any."""

    @abstractmethod
    def run(self) -> int:
        """Do the work and return the exit code. Raises CommandError for a wrong option."""

    def is_wanted(self, matched: int, done: str) -> bool:
        """Return whether ``matched`` jobs shall be ``done``: by ``--yes``, or ask a person.

        Raises CommandError if nobody can answer.
        """
        if self.options["yes"]:
            return True
        if not is_terminal(sys.stdin):
            raise refuse(f"{matched} jobs match. Give --yes to have them {done}.")
        self.output.progress(f"{matched} jobs match. Shall they be {done}? [y/N] ", ending="")
        if sys.stdin.readline().strip().lower() in ("y", "yes"):
            return True
        self.output.progress("Nothing was changed.")
        return False


def add_yes(parser: ArgumentParser) -> None:
    """Declare the option that answers for a person."""
    parser.add_argument("--yes", action="store_true", help="do not ask, however many jobs")


def refuse(message: str) -> CommandError:
    """Return the error for a wrong option."""
    return CommandError(message, returncode=WRONG_USE)
