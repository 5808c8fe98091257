"""The verb that shows the journal, and steers the bulk actions in it."""

from __future__ import annotations

from argparse import ArgumentParser

from django.core.management.base import CommandError

from pgjobs import stats
from pgjobs.cli.bulk import finish
from pgjobs.cli.verb import DONE, NOTHING, Verb, refuse
from pgjobs.models import JournalEntry
from pgjobs.models.job_database import job_database
from pgjobs.steering import bulk
from pgjobs.steering.actor import Actor

_COLUMNS = "id created who surface verb subject what state done counted refused carrier error"


class Journal(Verb):
    name = "journal"
    summary = (
        "Lists the actions on jobs, queues, schedules and workers, the newest first, with the "
        "progress of bulk actions. Exits with 1 if there is none."
    )

    @classmethod
    def add_arguments(cls, parser: ArgumentParser) -> None:
        parser.add_argument("ids", nargs="*", type=int, metavar="ID", help="show these actions")
        parser.add_argument(
            "--limit", type=int, default=50, metavar="N", help="at most this many actions (50)"
        )
        steering = parser.add_mutually_exclusive_group()
        steering.add_argument(
            "--cancel", type=int, metavar="ID", help="stop this bulk action before its next batch"
        )
        steering.add_argument(
            "--here", type=int, metavar="ID", help="carry this bulk action out, or wait for its end"
        )

    def run(self) -> int:
        if self.options["cancel"] is not None:
            return self._cancel(self.options["cancel"])
        if self.options["here"] is not None:
            return finish(self.output, self._running(self.options["here"]), "changed")
        limit = self.options["limit"]
        if not 1 <= limit <= 10**9:
            raise refuse(f"--limit must be a number from 1 to {10**9}, not {limit}.")
        entries = stats.journal(self.options["ids"] or None, limit=limit, using=job_database())
        self.output.rows(entries, _COLUMNS, if_none="The journal has no such entry.")
        return DONE if entries else NOTHING

    def _cancel(self, action: int) -> int:
        was_running = bulk.cancel_action(action, by=Actor.command())
        if self.output.as_json:
            self.output.record({"action": action, "changed": was_running})
        elif was_running:
            self.output.line(f"{action} cancelled")
        else:
            raise CommandError(f"The action {action} does not run.")
        return DONE if was_running else NOTHING

    def _running(self, action: int) -> JournalEntry:
        running = JournalEntry.objects.using(job_database()).filter(pk=action, state="running")
        if (entry := running.first()) is None:
            raise CommandError(f"The action {action} does not run.")
        return entry
