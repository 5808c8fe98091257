"""``manage.py pgjobs``: look at jobs and steer them from a terminal or a script."""

from __future__ import annotations

from argparse import ArgumentParser
from itertools import takewhile
from typing import Any

from django.core.management.base import BaseCommand, CommandParser, DjangoHelpFormatter

from pgjobs.cli.verbs import VERBS
from pgjobs.management.verb_command import add_verb, run_verb
from pgjobs.showing import did_you_mean


class VerbParser(CommandParser):
    """Refuses an option that its verb does not have, with the usage of the verb.

    argparse would first complain of the value that follows: it takes it for the id of a job.
    """

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        for word in takewhile(lambda word: word != "--", args or ()):
            option = word.partition("=")[0]
            if option.startswith("--") and " " not in option and not self._knows(option):
                self.error(f"unrecognized argument: {option}.{self._proposal(option)}")
        return super().parse_known_args(args, namespace)

    def _knows(self, option: str) -> bool:
        return any(known.startswith(option) for known in self._option_string_actions)

    def _proposal(self, option: str) -> str:
        if option in DjangoHelpFormatter.show_last:
            return f" {option} stands before the verb."
        return did_you_mean(option, self._option_string_actions)


class Command(BaseCommand):
    help = (
        "Looks at jobs and steers them. Each verb has its own --help. Exit codes: 0 if all is "
        "done, 1 if nothing matched or something was refused, 2 for a wrong option, 3 if doctor "
        "finds something critical."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        verbs = parser.add_subparsers(
            title="verbs", dest="verb", metavar="VERB", required=True, parser_class=VerbParser
        )
        for name, verb in VERBS.items():
            add_verb(verbs.add_parser(name, help=verb.summary, description=verb.summary), verb)

    def handle(self, *args: Any, **options: Any) -> None:
        run_verb(self, VERBS[options["verb"]], options)
