"""``manage.py pgjobs_cancel``: the verb ``pgjobs cancel`` by its older name."""

from __future__ import annotations

from pgjobs.cli.steering import Cancel
from pgjobs.management.verb_command import VerbCommand


class Command(VerbCommand):
    verb = Cancel
    help = Cancel.summary
