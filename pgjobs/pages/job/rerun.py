"""Run a job again as a new job, with its arguments or with others."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _

from pgjobs import codec
from pgjobs.access import Verb, launchable
from pgjobs.exceptions import BadArguments, InvalidArgument
from pgjobs.models import Job
from pgjobs.models.job_database import job_database
from pgjobs.pages.address import Address
from pgjobs.pages.job.finding import found, label_of, visible_jobs
from pgjobs.pages.job.forms import ArgumentsForm
from pgjobs.pages.orders import actor_of, refusals_told, say
from pgjobs.pages.page import address, form, show
from pgjobs.registry.names import JobTarget, registered_as
from pgjobs.steering import enqueueing


@form(Verb.VIEW, Verb.ENQUEUE)
def rerun(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the arguments of a job, and enqueue it again with the edited ones.

    Only the arguments of a launchable class may be edited.
    """
    job = found(request, pk)
    target = registered_as(job.job_class)
    if target is None:
        raise Http404(_("This process does not know the job class."))
    is_editable = job.job_class in launchable()
    stored = _stored(job, target)
    given = request.POST if request.method == "POST" and is_editable else None
    form = ArgumentsForm(target, given, user=request.user, stored=stored)
    if request.method == "POST" and (not is_editable or form.is_valid()):
        changes = form.arguments if is_editable else {}
        again = _enqueued(request, job, changes, form)
        if again is not None:
            said = _("Job %(new)s runs with the arguments of job %(old)s.")
            if changes:
                said = _("Job %(new)s is job %(old)s with other arguments.")
            say(request, said % {"new": again.pk, "old": pk})
            return HttpResponseRedirect(address(request, "job", again.pk))
    context = {"job": job, "form": form, "is_editable": is_editable, "about": label_of(job)}
    return show(request, "job/rerun.html", context, title=_("Run job %s again") % pk, tab="jobs")


def _stored(job: Job, target: JobTarget) -> Mapping[str, Any]:
    """Return the arguments of ``job`` by name; without those that have no name."""
    named = codec.named(job.kwargs) or {}
    try:
        return {**enqueueing.named_arguments(job, target), **named}
    except InvalidArgument:
        return named


def _enqueued(
    request: HttpRequest, job: Job, changes: Mapping[str, Any], form: ArgumentsForm
) -> Job | None:
    """Return the new job; None after a refusal, which the form or a message tells."""
    with refusals_told(request):
        try:
            with transaction.atomic(using=job_database()):
                again = enqueueing.rerun(job, by=actor_of(request), changes=changes)
                check_visible(request, again)
                return again
        except (InvalidArgument, BadArguments) as error:
            if not form.is_bound:
                raise
            form.refuse(error)
    return None


def check_visible(request: HttpRequest, job: Job) -> None:
    """Raise PermissionDenied, and so undo the enqueueing, if the user would not see the job."""
    if not visible_jobs(request).filter(pk=job.pk).exists():
        raise PermissionDenied(_("You would not see this job, so it was not enqueued."))


ADDRESSES: Final = [
    Address("<int:pk>/rerun/", rerun, "job-rerun", alone="jobs/<int:pk>/rerun/"),
]
