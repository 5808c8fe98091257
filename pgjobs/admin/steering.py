"""Cancelling and retrying jobs from the list, and the messages about it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from django.contrib import admin, messages
from django.db import DatabaseError, OperationalError, models, router, transaction
from django.http import HttpRequest, HttpResponseRedirect
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from pgjobs import access
from pgjobs.admin.display import LookOnly
from pgjobs.admin.listing import COUNTED
from pgjobs.choices import JobStatus
from pgjobs.models import Job
from pgjobs.steering import single
from pgjobs.steering.actor import Actor


@dataclass(slots=True)
class Answer:
    """The result for the selected jobs."""

    done: list[Job] = field(default_factory=list)
    refused: Counter[str] = field(default_factory=Counter)
    """Number of refused jobs by the reason: the status of the job, or "deleted"."""
    forbidden: list[str] = field(default_factory=list)
    """What PostgreSQL said of each job that a trigger or a constraint keeps as it is."""

    @property
    def reasons(self) -> str:
        return ", ".join(f"{count} {reason}" for reason, count in self.refused.items())


@dataclass(frozen=True, slots=True)
class Verb:
    """Cancel or retry: the verb for one job, and the words for its results."""

    steer: Callable[..., bool]
    history: str
    describe: Callable[[Answer], Iterator[str]]
    explain: Callable[[Answer], str]

    def apply(self, jobs: Iterable[Job], by: Actor) -> Answer:
        """Let ``by`` cancel or retry each of ``jobs`` by itself, and return the result.

        So a job that has changed meanwhile is refused, and the other jobs are still changed.
        """
        answer = Answer()
        for job in jobs:
            try:
                if self._steer_inside(job, by):
                    answer.done.append(job)
                else:
                    job.refresh_from_db(fields=["status"])
                    answer.refused[str(JobStatus(job.status).label).lower()] += 1
            except Job.DoesNotExist:
                answer.refused[gettext("deleted")] += 1
            except OperationalError:  # the server, and not the job, is to blame
                raise
            except DatabaseError as error:
                answer.forbidden.append(f"{job.pk}: {reason_of(error)}")
        return answer

    def _steer_inside(self, job: Job, by: Actor) -> bool:
        """Steer ``job``; a refusal must not break the transaction of the request."""
        database = router.db_for_write(Job)
        if transaction.get_connection(database).in_atomic_block:
            with transaction.atomic(using=database):
                return self.steer(job, by=by)
        return self.steer(job, by=by)


def reason_of(error: DatabaseError) -> str:
    """Return the words of PostgreSQL without the lines that show the row."""
    reason, _newline, _row = str(error).partition("\n")
    return reason


def _cancelled(answer: Answer) -> Iterator[str]:
    told = sum(job.status == JobStatus.RUNNING for job in answer.done)
    if count := len(answer.done) - told:
        yield ngettext("%d job was cancelled.", "%d jobs were cancelled.", count) % count
    if told:
        yield (
            ngettext("%d running job was told to stop.", "%d running jobs were told to stop.", told)
            % told
        )


def _not_cancelled(answer: Answer) -> str:
    return gettext("Not cancelled because already finished: %s.") % answer.reasons


def _retried(answer: Answer) -> Iterator[str]:
    if count := len(answer.done):
        yield ngettext("%d job will run again.", "%d jobs will run again.", count) % count


def _not_retried(answer: Answer) -> str:
    return (
        gettext(
            "Not retried: %s. A job is retried only if it has finished and no live job holds "
            "its enqueue_once() place."
        )
        % answer.reasons
    )


CANCEL: Final = Verb(single.cancel, "Cancelled.", _cancelled, _not_cancelled)
RETRY: Final = Verb(single.retry, "Retried.", _retried, _not_retried)


class SteeringAdmin(LookOnly):
    """Offers to cancel and retry jobs, to users with the permission to change jobs.

    The permission allows no more than this, because the admin never edits a job.
    """

    actions = ("cancel_jobs", "retry_jobs")

    def has_steer_permission(self, request: HttpRequest) -> bool:
        return access.may(request.user, access.Verb.CANCEL)

    @admin.action(description=_("Cancel selected jobs"), permissions=["steer"])
    def cancel_jobs(self, request: HttpRequest, jobs: models.QuerySet[Job]) -> None:
        self._apply(request, CANCEL, jobs)

    @admin.action(description=_("Retry selected jobs"), permissions=["steer"])
    def retry_jobs(self, request: HttpRequest, jobs: models.QuerySet[Job]) -> None:
        self._apply(request, RETRY, jobs)

    def response_action(
        self, request: HttpRequest, queryset: models.QuerySet[Job], *args: Any, **kwargs: Any
    ) -> Any:
        """Refuse "select all" if the list stopped counting: more jobs would change than it says."""
        across = request.POST.get("select_across", "0") not in ("", "0")
        if across and queryset.order_by()[COUNTED : COUNTED + 1].exists():
            self.message_user(
                request,
                gettext("More than %d jobs match. Narrow the filters first.") % COUNTED,
                messages.ERROR,
            )
            return HttpResponseRedirect(request.get_full_path())
        return super().response_action(request, queryset, *args, **kwargs)

    def _apply(self, request: HttpRequest, verb: Verb, jobs: Iterable[Job]) -> None:
        answer = verb.apply(jobs, Actor.user(request.user))
        for job in answer.done:
            self.log_change(request, job, verb.history)
        for said in verb.describe(answer):
            self.message_user(request, said, messages.SUCCESS)
        if answer.refused:
            self.message_user(request, verb.explain(answer), messages.WARNING)
        for said in answer.forbidden:
            self.message_user(request, gettext("PostgreSQL refused job %s") % said, messages.ERROR)
