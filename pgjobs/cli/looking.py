"""The verbs that only look: at jobs, queues, workers, schedules and failures."""

from __future__ import annotations

import time
from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any, Final

from pgjobs import stats
from pgjobs.access import redacted_column
from pgjobs.choices import FINISHED
from pgjobs.cli.output import moment_in_words
from pgjobs.cli.selection import add_filters, selected, unmatched
from pgjobs.cli.verb import DONE, NOTHING, Verb, refuse
from pgjobs.models import Job, JobLogEntry
from pgjobs.steering.selection import all_jobs

_MOST: Final = 10**9
"""The largest ``--limit``."""
_LOOK: Final = 0.5
"""Seconds between two looks for new log lines."""


class ListJobs(Verb):
    name = "list"
    summary = "Lists jobs, the newest first. Exits with 1 if none matches."

    @classmethod
    def add_arguments(cls, parser: ArgumentParser) -> None:
        add_filters(parser)
        parser.add_argument(
            "--limit", type=int, default=50, metavar="N", help="at most this many jobs (50)"
        )

    def run(self) -> int:
        limit = self.options["limit"]
        if not 1 <= limit <= _MOST:
            raise refuse(f"--limit must be a number from 1 to {_MOST}, not {limit}.")
        ids = list(selected(all_jobs(), self.options).values_list("pk", flat=True)[: limit + 1])
        jobs = stats.jobs(ids[:limit], all_jobs().db)
        columns = "id status queue name object created late_by duration attempt error"
        self.output.rows(jobs, columns, if_none=unmatched(self.options))
        if len(ids) > limit:
            self.output.progress(f"There are more than {limit} such jobs; --limit shows more.")
        return DONE if jobs else NOTHING


class OneJob(Verb):
    """A verb about one job."""

    @classmethod
    def add_arguments(cls, parser: ArgumentParser) -> None:
        parser.add_argument("id", type=int, metavar="ID", help="the id of the job")

    def found(self) -> Job:
        """Return the job. Raises CommandError if there is none."""
        if (job := all_jobs().filter(pk=self.options["id"]).first()) is None:
            raise refuse(f"There is no job {self.options['id']}. Perhaps it was pruned.")
        return job


class Show(OneJob):
    name = "show"
    summary = "Shows all of one job: its arguments, its result, its failed attempts, why it waits."

    def run(self) -> int:
        job = self.found()
        using = job._state.db
        whole: dict[str, Any] = {}
        for row in stats.jobs([job.pk], using):
            whole |= asdict(row)
        names = ("args", "kwargs", "meta", "data", "result", "progress", "errors")
        whole["error"] = job.error
        whole |= {name: redacted_column(job, name) for name in names}
        del whole["arguments"]  # with positional ones, if there are any: args and kwargs
        if not self.output.as_json:
            errors = whole["errors"]
            entries = errors if isinstance(errors, list) else [errors]
            whole["errors"] = "\n".join(map(_failure, entries)) or None
        whole["time_limit"] = job.time_limit
        whole["why"] = [f"{each.reason}: {each.evidence}" for each in stats.why(job.pk, using)]
        self.output.record(whole)
        return DONE


def _failure(entry: Any) -> str:
    """Return an entry of ``job.errors`` for people; as it is, if somebody else wrote it."""
    try:
        head = f"attempt {entry['attempt']}: {entry['exception']}: {entry['message']}"
        return f"{head}\n{entry['traceback']}"
    except (KeyError, TypeError):
        return str(entry)


class Why(OneJob):
    name = "why"
    summary = "Says why a job waits, or what has become of it, the first reason first."

    def run(self) -> int:
        job = self.found()
        reasons = stats.why(job.pk, job._state.db)
        if self.output.as_json:
            self.output.rows(reasons)
            return DONE
        for each in reasons:
            since = f" (since {moment_in_words(each.since)})" if each.since else ""
            self.output.line(f"{each.reason}: {each.evidence}{since}")
        return DONE


class Logs(OneJob):
    name = "logs"
    summary = "Writes the log of a job."

    @classmethod
    def add_arguments(cls, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "--follow", action="store_true", help="go on with new lines until the job has finished"
        )

    def run(self) -> int:
        job = self.found()
        if self.options["follow"] and self.output.as_json:
            raise refuse("--follow and --json can't be combined: a JSON document has an end.")
        newest = self._write_after(0, job)
        while self.options["follow"]:
            # The status first: the lines of a job that has finished are there.
            status = all_jobs().filter(pk=job.pk).values_list("status", flat=True).first()
            newest = self._write_after(newest, job)
            if status is None or status in FINISHED:
                break
            time.sleep(_LOOK)
        return DONE

    def _write_after(self, newest: int, job: Job) -> int:
        lines = JobLogEntry.objects.using(job._state.db).filter(job=job.pk, pk__gt=newest)
        found = list(lines.values("id", "timestamp", "attempt", "level", "message"))
        if self.output.as_json:
            self.output.rows(found)
            return newest
        for line in found:
            # Indented, so that no line of a message can pass for an entry.
            message = "\n    ".join(line["message"].splitlines())
            self.output.line(f"{moment_in_words(line['timestamp'])} {line['level']:<8} {message}")
        return found[-1]["id"] if found else newest


class Queues(Verb):
    name = "queues"
    summary = "Lists the queues with their live jobs, workers and waits."

    def run(self) -> int:
        queues = stats.queues(all_jobs().db)
        self.output.rows(queues, if_none="No queue has live jobs, and no worker lives.")
        return DONE


class Workers(Verb):
    name = "workers"
    summary = "Lists the workers that have not stopped. Exits with 1 if none lives."

    def run(self) -> int:
        workers = stats.workers(all_jobs().db)
        columns = (
            "id name state queues running slots memory silent_for uptime code_version hostname pid"
        )
        none = "No worker lives. Start one: manage.py pgjobs_worker."
        self.output.rows(workers, columns, if_none=none)
        return DONE if any(each.alive for each in workers) else NOTHING


class Schedules(Verb):
    name = "schedules"
    summary = "Lists the system jobs with their rules and next runs. Exits with 1 if one is late."

    def run(self) -> int:
        schedules = stats.schedules(all_jobs().db)
        columns = (
            "job_class rule edited enabled switched_off next_run overdue_by last_run last_job_id "
            "last_status"
        )
        none = "No schedule is stored. A worker stores the system jobs as it starts."
        self.output.rows(schedules, columns, if_none=none)
        return NOTHING if any(each.overdue_by for each in schedules) else DONE


class Failures(Verb):
    name = "failures"
    summary = "Lists the kinds of failure, by class and first line of the error, the newest first."

    def run(self) -> int:
        failures = stats.failures(using=all_jobs().db)
        self.output.rows(failures, if_none="No job that is kept has errored or failed.")
        return DONE
