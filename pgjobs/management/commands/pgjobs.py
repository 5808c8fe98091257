"""``manage.py pgjobs``: look at jobs and steer them from a terminal or a script."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from pgjobs.cli.verbs import VERBS
from pgjobs.management.verb_command import add_verb, run_verb


class Command(BaseCommand):
    help = (
        "Looks at jobs and steers them. Each verb has its own --help. Exit codes: 0 if all is "
        "done, 1 if nothing matched or something was refused, 2 for a wrong option, 3 if doctor "
        "finds something critical."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        verbs = parser.add_subparsers(title="verbs", dest="verb", metavar="VERB", required=True)
        for name, verb in VERBS.items():
            add_verb(verbs.add_parser(name, help=verb.summary, description=verb.summary), verb)

    def handle(self, *args: Any, **options: Any) -> None:
        run_verb(self, VERBS[options["verb"]], options)
