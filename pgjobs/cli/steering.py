"""The verbs that change jobs which exist. By filters, they count first and want a yes."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Callable
from typing import Any, ClassVar

from django.core.management.base import CommandError

from pgjobs.cli.bulk import add_places, run_bulk
from pgjobs.cli.selection import add_filters, read, selection
from pgjobs.cli.verb import DONE, NOTHING, Verb, add_yes, refuse
from pgjobs.models import Job
from pgjobs.steering import single
from pgjobs.steering.actor import Actor
from pgjobs.steering.selection import Selection, all_jobs


class SteeringVerb(Verb):
    """Changes the jobs of some ids one by one, or all jobs that pass filters in batches."""

    done: ClassVar[str]
    """The state of a changed job, in words."""
    refusal: ClassVar[str]
    """Why a job is not changed."""
    change: ClassVar[Callable[..., bool]]
    """Changes one job and returns whether it did."""

    @classmethod
    def add_arguments(cls, parser: ArgumentParser) -> None:
        add_filters(parser)
        add_yes(parser)
        add_places(parser)

    @property
    def verb_options(self) -> dict[str, Any]:
        """The options of the verb itself."""
        return {}

    def run(self) -> int:
        wanted = selection(self.options)
        if wanted.is_empty:
            raise refuse("Name jobs by their ids, or by a filter such as --status or --queue.")
        if wanted == Selection(ids=wanted.ids):
            return self._change_each(wanted.ids)
        return run_bulk(self, wanted, self.verb_options, done=self.done)

    def _change_each(self, ids: tuple[int, ...]) -> int:
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
        job = all_jobs().filter(pk=job_id).first()
        change = type(self).change
        if job is None or not change(job, by=Actor.command(), **self.verb_options):
            return False
        if not self.output.as_json:
            self.output.line(f"{job_id} {self.state_of(job)}")
        return True

    def state_of(self, job: Job) -> str:
        """Return the state of a changed ``job``, in a word."""
        return str(job.get_status_display()).lower()


class Cancel(SteeringVerb):
    name = "cancel"
    summary = (
        "Cancels jobs. A waiting job is cancelled at once; a running job is told to stop within a "
        "second. Exits with 1 if one of the jobs does not exist or has already finished."
    )
    done, refusal = "cancelled", "have finished or do not exist"
    change = staticmethod(single.cancel)

    @classmethod
    def add_arguments(cls, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "--keep-schedule",
            action="store_true",
            help="skip only this run of a recurring job: its next run stays",
        )

    @property
    def verb_options(self) -> dict[str, Any]:
        return {"keep_schedule": True} if self.options["keep_schedule"] else {}


class Retry(SteeringVerb):
    name = "retry"
    summary = (
        "Makes finished jobs pending again. Exits with 1 if one of the jobs does not exist, has "
        "not finished, or has lost its place to a live job."
    )
    done = "pending again"
    refusal = "have not finished, do not exist, or a live job has their place"
    change = staticmethod(single.retry)


class Delete(SteeringVerb):
    name = "delete"
    summary = "Deletes finished jobs with their logs. Exits with 1 if one is live or is gone."
    done, refusal = "deleted", "have not finished, or do not exist"
    change = staticmethod(single.delete)

    def state_of(self, job: Job) -> str:
        return "deleted"


class Prune(Verb):
    name = "prune"
    summary = "Deletes the jobs that finished more than some days ago, in small batches."

    @classmethod
    def add_arguments(cls, parser: ArgumentParser) -> None:
        parser.add_argument("--days", type=int, required=True, metavar="N")
        add_yes(parser)
        add_places(parser)

    def run(self) -> int:
        old = read(Selection.ended_long_ago, self.options["days"])
        return run_bulk(self, old, {}, done="deleted", nothing=DONE)
