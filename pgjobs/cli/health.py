"""The verb for probes: whether jobs of some queues are run at present."""

from __future__ import annotations

from argparse import ArgumentParser
from datetime import timedelta

from django.db import DatabaseError, transaction

from pgjobs import stats
from pgjobs.cli.output import in_words
from pgjobs.cli.selection import read
from pgjobs.cli.verb import DONE, NOTHING, Verb
from pgjobs.doctor import be_impatient
from pgjobs.steering import texts
from pgjobs.steering.selection import all_jobs


class Health(Verb):
    name = "health"
    summary = (
        "Exits with 0 if the jobs can be read, a living worker serves each queue that has jobs, "
        "and no system job is late; with 1 otherwise, and says why. Paused queues may wait."
    )

    @classmethod
    def add_arguments(cls, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--queue",
            action="append",
            default=[],
            metavar="QUEUE",
            help="this queue must have a living worker, even if it is empty; can be repeated",
        )
        parser.add_argument(
            "--max-wait",
            metavar="SPAN",
            help="no due job may have waited for longer, such as 90s or 15m",
        )

    def run(self) -> int:
        text = self.options["max_wait"]
        wait = None if text is None else read(texts.span, "max-wait", text)
        try:
            with transaction.atomic(using=all_jobs().db):
                be_impatient(all_jobs().db)
                faults = self._faults(wait)
        except DatabaseError as error:
            faults = [f"The jobs can't be read: {' '.join(str(error).split())}"]
        if self.output.as_json:
            self.output.record({"healthy": not faults, "faults": faults})
        else:
            for fault in faults or ["healthy"]:
                self.output.line(fault)
        return NOTHING if faults else DONE

    def _faults(self, longest: timedelta | None) -> list[str]:
        queues = {each.queue: each for each in stats.queues(all_jobs().db)}
        wanted = dict.fromkeys([*self.options["queue"], *queues])
        faults = [
            f"No living worker serves the queue {name}."
            for name in wanted
            if name not in queues or not (queues[name].workers or queues[name].paused)
        ]
        for queue in queues.values():
            late = queue.latency
            if longest is not None and late is not None and late > longest and not queue.paused:
                faults.append(f"A job of the queue {queue.queue} has waited for {in_words(late)}.")
        return faults + self._faults_of_schedules()

    def _faults_of_schedules(self) -> list[str]:
        database = all_jobs().db
        schedules = [each for each in stats.schedules(database) if each.fires]
        if schedules and not any(worker.alive for worker in stats.workers(database)):
            return [f"No worker lives, so none of {len(schedules)} system jobs will run."]
        return [
            f"The system job {each.job_class} is late by {in_words(each.overdue_by)}."
            for each in schedules
            if each.overdue_by
        ]
