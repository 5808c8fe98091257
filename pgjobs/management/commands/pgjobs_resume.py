"""``manage.py pgjobs_resume``: the verb ``pgjobs resume`` by its older name."""

from __future__ import annotations

from pgjobs.cli.pausing import ResumeClaims
from pgjobs.management.verb_command import VerbCommand


class Command(VerbCommand):
    verb = ResumeClaims
    help = ResumeClaims.summary
