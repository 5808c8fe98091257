"""The verbs that change jobs which exist. By filters, they count first and want a yes."""

from __future__ import annotations

from abc import abstractmethod
from argparse import ArgumentParser
from collections.abc import Iterator
from datetime import timedelta
from typing import ClassVar, Final

from django.core.management.base import CommandError
from django.db.models.functions import Now

from pgjobs.cli.selection import add_filters, all_jobs, is_filtered, selected
from pgjobs.cli.verb import DONE, NOTHING, Verb, add_yes, refuse
from pgjobs.enqueueing.bounds import check_days
from pgjobs.exceptions import InvalidArgument
from pgjobs.models import Job
from pgjobs.models.job_queryset import JobQuerySet

_BATCH: Final = 1000
"""Jobs that change in one transaction."""


class SteeringVerb(Verb):
    """Changes the jobs of some ids one by one, or all jobs that pass filters in batches."""

    done: ClassVar[str]
    """The state of a changed job, in words."""
    refusal: ClassVar[str]
    """Why a job is not changed."""

    @classmethod
    def add_arguments(cls, parser: ArgumentParser) -> None:
        add_filters(parser)
        add_yes(parser)

    @abstractmethod
    def changeable(self, jobs: JobQuerySet[Job]) -> JobQuerySet[Job]:
        """Return the ``jobs`` that the verb can change."""

    @abstractmethod
    def change(self, jobs: JobQuerySet[Job]) -> int:
        """Change ``jobs`` and return the number of jobs that have changed."""

    def run(self) -> int:
        if not is_filtered(self.options):
            raise refuse("Name jobs by their ids, or by a filter such as --status or --queue.")
        if is_filtered({**self.options, "ids": []}):
            return self._change_all(selected(self.options))
        return self._change_each(self.options["ids"])

    # Some ids ---------------------------------------------------------------------------

    def _change_each(self, ids: list[int]) -> int:
        results = {job_id: self._change_one(job_id) for job_id in dict.fromkeys(ids)}
        changed = [job_id for job_id, has_changed in results.items() if has_changed]
        refused = [job_id for job_id, has_changed in results.items() if not has_changed]
        if self.output.as_json:
            self.output.record({"changed": changed, "refused": refused})
            return NOTHING if refused else DONE
        if refused:
            listed = ", ".join(map(str, refused))
            raise CommandError(f"Not {self.done} because they {self.refusal}: {listed}.")
        return DONE

    def _change_one(self, job_id: int) -> bool:
        jobs = all_jobs().filter(pk=job_id)
        if not self.change(jobs):
            return False
        if not self.output.as_json:
            self.output.line(f"{job_id} {jobs.get().get_status_display().lower()}")
        return True

    # All that pass the filters ------------------------------------------------------------

    def _change_all(self, jobs: JobQuerySet[Job]) -> int:
        jobs = self.changeable(jobs)
        matched = jobs.count()
        if matched and not self.is_wanted(matched, self.done):
            return NOTHING
        changed = tried = 0
        for batch in _batches(jobs):
            changed += self.change(jobs.filter(pk__in=batch).order_by())
            tried += len(batch)
            if matched > _BATCH:
                self.output.progress(f"{tried} of {matched}")
        if self.output.as_json:
            self.output.record({"matched": matched, "changed": changed})
        else:
            self.output.line(f"{changed} of {matched} jobs {self.done}.")
        return DONE if matched and changed == matched else NOTHING


class Cancel(SteeringVerb):
    name = "cancel"
    summary = (
        "Cancels jobs. A waiting job is cancelled at once; a running job is told to stop within a "
        "second. Exits with 1 if one of the jobs does not exist or has already finished."
    )
    done, refusal = "cancelled", "have finished or do not exist"

    @classmethod
    def add_arguments(cls, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "--keep-schedule",
            action="store_true",
            help="skip only this run of a recurring job: its next run stays",
        )

    def changeable(self, jobs: JobQuerySet[Job]) -> JobQuerySet[Job]:
        return jobs.live()

    def change(self, jobs: JobQuerySet[Job]) -> int:
        return jobs.cancel(keep_schedule=self.options["keep_schedule"])


class Retry(SteeringVerb):
    name = "retry"
    summary = (
        "Makes finished jobs pending again. Exits with 1 if one of the jobs does not exist, has "
        "not finished, or has lost its place to a live job."
    )
    done = "pending again"
    refusal = "have not finished, do not exist, or a live job has their place"

    def changeable(self, jobs: JobQuerySet[Job]) -> JobQuerySet[Job]:
        return jobs.finished()

    def change(self, jobs: JobQuerySet[Job]) -> int:
        return jobs.retry()


class Delete(SteeringVerb):
    name = "delete"
    summary = "Deletes finished jobs with their logs. Exits with 1 if one is live or is gone."
    done, refusal = "deleted", "have not finished, or do not exist"

    def changeable(self, jobs: JobQuerySet[Job]) -> JobQuerySet[Job]:
        return jobs.finished()

    def change(self, jobs: JobQuerySet[Job]) -> int:
        return jobs.finished().delete()[1].get(Job._meta.label, 0)

    def _change_one(self, job_id: int) -> bool:
        deleted = self.change(all_jobs().filter(pk=job_id))
        if deleted and not self.output.as_json:
            self.output.line(f"{job_id} deleted")
        return bool(deleted)


class Prune(Verb):
    name = "prune"
    summary = "Deletes the jobs that finished more than some days ago, in small batches."

    @classmethod
    def add_arguments(cls, parser: ArgumentParser) -> None:
        parser.add_argument("--days", type=int, required=True, metavar="N")
        add_yes(parser)

    def run(self) -> int:
        try:
            days = check_days(self.options["days"])
        except InvalidArgument as error:
            raise refuse(str(error)) from None
        matched = all_jobs().finished().filter(completed__lt=Now() - timedelta(days=days)).count()
        if matched and not self.is_wanted(matched, "deleted"):
            return NOTHING
        deleted = all_jobs().prune(days=days)
        if self.output.as_json:
            self.output.record({"matched": matched, "deleted": deleted})
        else:
            self.output.line(f"{deleted} jobs deleted.")
        return DONE


def _batches(jobs: JobQuerySet[Job]) -> Iterator[list[int]]:
    """Yield the ids of ``jobs`` that exist now, in their order; jobs of later ids are left out."""
    ids = jobs.order_by("pk").values_list("pk", flat=True)
    newest = ids.last()
    batch: list[int] = []
    while newest is not None:
        last = batch[-1] if batch else -1
        if not (batch := list(ids.filter(pk__gt=last, pk__lte=newest)[:_BATCH])):
            return
        yield batch
