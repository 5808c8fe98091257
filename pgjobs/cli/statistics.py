"""The verb for statistics: ends of jobs, run times, waits, kinds of failure."""

from __future__ import annotations

from argparse import ArgumentParser

from pgjobs import stats
from pgjobs.cli.output import moment_in_words
from pgjobs.cli.selection import read
from pgjobs.cli.verb import DONE, NOTHING, Verb
from pgjobs.steering import texts
from pgjobs.steering.selection import all_jobs

_COUNTS = "completed errored failed cancelled run_p50 run_p95 run_p99 wait_p50 wait_p95 wait_p99"
_COLUMNS = {"time": "start", "class": "job_class", "queue": "queue"}


class Statistics(Verb):
    name = "stats"
    summary = "Counts the jobs that have ended, with run times and waits. Exits with 1 if none has."

    @classmethod
    def add_arguments(cls, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--since",
            default="1h",
            metavar="SPAN",
            help="the time that counts: 15m, 2h, 3d or 1w, or since a moment (1h)",
        )
        parser.add_argument(
            "--by",
            action="append",
            choices=[*_COLUMNS, "failure"],
            metavar="KEY",
            help="time, class and queue, which can be combined, or failure; class and queue if not "
            "given",
        )

    def run(self) -> int:
        keys = self.options["by"] or ["class", "queue"]
        since = read(texts.moment, "since", self.options["since"])
        in_this_time = f"since {moment_in_words(since)}"
        if "failure" in keys:
            kinds = stats.failure_kinds(10**6, all_jobs().db)
            rows = [each for each in kinds if each.last_seen >= since]
            self.output.rows(rows, if_none=f"No job has errored or failed {in_this_time}.")
            return DONE if rows else NOTHING
        found = stats.ended(since, keys, all_jobs().db)
        columns = [column for key, column in _COLUMNS.items() if key in keys]
        none = f"No job has ended {in_this_time}."
        self.output.rows(found, " ".join([*columns, _COUNTS]), if_none=none)
        return DONE if found else NOTHING
