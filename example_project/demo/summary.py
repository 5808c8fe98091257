"""The summary of a run of the demo."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.template.defaultfilters import filesizeformat

from example_project.demo import questions
from example_project.demo.questions import ask, ask_one
from example_project.demo.screen import Screen
from inventory.jobs import SyncDataSource
from inventory.models import DataSource
from pgjobs import JobStatus

SHOWN_TROUBLES: Final = 5


@dataclass(frozen=True, kw_only=True)
class Summary:
    source: DataSource
    since: datetime

    def show(self, screen: Screen) -> None:
        self._inventory(screen)
        self._jobs(screen)
        self._trouble(screen)
        self._queries(screen)

    def errored(self) -> list[Any]:
        return [job for job in self._troubles() if job.status == JobStatus.ERRORED]

    def _inventory(self, screen: Screen) -> None:
        files = ask_one(questions.FILES, source=self.source.pk)
        python = ask_one(questions.PYTHON, source=self.source.pk)
        types = ask(questions.FILE_TYPES, source=self.source.pk)
        screen.heading("Inventory", self.source.path)
        screen.lines(
            f"{files.files:,} files, {filesizeformat(files.size)}: {self._changes()}",
            " · ".join(f"{kind.files:,} {kind.suffix}" for kind in types),
            f"{python.files:,} Python files: {python.classes:,} classes, "
            f"{python.functions:,} functions, {python.lines:,} lines",
        )

    def _changes(self) -> str:
        sync = SyncDataSource.get_jobs(self.source).finished().order_by("-completed").first()
        if sync is None or sync.data is None:
            return "not synced"
        return "{added:,} added, {updated:,} updated, {removed:,} removed".format(**sync.data)

    def _jobs(self, screen: Screen) -> None:
        pace = ask_one(questions.PACE, since=self.since)
        screen.heading("Jobs", _pace(pace.jobs, pace.took.total_seconds()))
        rows = ask(questions.JOBS, since=self.since)
        screen.table(
            ["Job", "Status", "Jobs", "Mean", "Longest"],
            [(row.name, JobStatus(row.status), row.jobs, row.mean, row.longest) for row in rows],
        )
        screen.heading("Slowest")
        rows = ask(questions.SLOWEST, since=self.since)
        screen.table(
            ["Took", "Job", "Name", "Path"],
            [(row.took, f"#{row.id}", row.name, row.path) for row in rows],
        )

    def _trouble(self, screen: Screen) -> None:
        troubles = self._troubles()
        if not troubles:
            return
        screen.heading("Trouble", "failed: by JobFailed; errored: by another exception")
        screen.table(
            ["Status", "Job", "Name", "Path", "Error"],
            [
                (JobStatus(row.status), f"#{row.id}", row.name, row.path, row.error)
                for row in troubles[:SHOWN_TROUBLES]
            ],
        )
        if len(troubles) > SHOWN_TROUBLES:
            screen.lines(f"and {len(troubles) - SHOWN_TROUBLES:,} more")

    def _troubles(self) -> list[Any]:
        return ask(questions.TROUBLE, since=self.since)

    def _queries(self, screen: Screen) -> None:
        screen.heading("The same in SQL", "a job is one row, and the row holds all of its state")
        asked = (questions.JOBS, questions.PACE, questions.SLOWEST)
        screen.code("\n\n".join(questions.to_paste(question, self.since) for question in asked))


def _pace(jobs: int, seconds: float) -> str:
    shown = f"{jobs:,} in {seconds:.1f} s"
    # A pace of fewer than ten jobs would show mostly the time of one job.
    return shown if jobs < 10 else f"{shown}: {jobs / seconds:,.0f} jobs/s"
