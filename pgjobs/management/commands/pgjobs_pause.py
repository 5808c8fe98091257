"""``manage.py pgjobs_pause``: the verb ``pgjobs pause`` by its older name."""

from __future__ import annotations

from pgjobs.cli.pausing import PauseClaims
from pgjobs.management.verb_command import VerbCommand


class Command(VerbCommand):
    verb = PauseClaims
    help = PauseClaims.summary
