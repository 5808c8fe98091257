"""Cancel, retry or delete one job. A refusal becomes a message, and a change a journal entry."""

from __future__ import annotations

from typing import Final

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _

from pgjobs.access import Verb
from pgjobs.choices import JobStatus
from pgjobs.pages.address import Address
from pgjobs.pages.job.deletion import taken_along
from pgjobs.pages.job.finding import found
from pgjobs.pages.orders import actor_of, refusals_told, say
from pgjobs.pages.page import action, address, form, show
from pgjobs.steering import single


@action(Verb.CANCEL)
def cancel(request: HttpRequest, pk: int) -> HttpResponse:
    job = found(request, pk)
    keep = "keep_schedule" in request.POST
    with refusals_told(request):
        if not single.cancel(job, by=actor_of(request), keep_schedule=keep):
            say(request, _("Not cancelled: the job has finished already."), messages.WARNING)
        elif job.status == JobStatus.RUNNING:
            say(request, _("The job was told to stop."))
        else:
            say(request, _("The job was cancelled."))
    return _to(request, pk)


@action(Verb.RETRY)
def retry(request: HttpRequest, pk: int) -> HttpResponse:
    job = found(request, pk)
    with refusals_told(request):
        if single.retry(job, by=actor_of(request)):
            say(request, _("The job will run again."))
        else:
            said = _(
                "Not retried: the job has not finished, or a live job holds its enqueue_once() "
                "place."
            )
            say(request, said, messages.WARNING)
    return _to(request, pk)


@form(Verb.VIEW, Verb.DELETE)
def delete(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask, and then delete a finished job with its log."""
    job = found(request, pk)
    along = taken_along(request, job)
    if request.method == "POST" and along.is_allowed:
        with refusals_told(request):
            if single.delete(job, by=actor_of(request)):
                said = _("Job %(id)s, %(name)s, was deleted with its log.")
                say(request, said % {"id": pk, "name": job.name})
                return HttpResponseRedirect(address(request, "jobs"))
            say(
                request,
                _("Not deleted: the job has not finished. Cancel it first."),
                messages.WARNING,
            )
        return _to(request, pk)
    context = {"job": job, "along": along, "lines": job.log_entries.count()}
    title = _("Delete job %s?") % pk
    status = 403 if request.method == "POST" else 200
    return show(request, "job/delete.html", context, title=title, tab="jobs", status=status)


def _to(request: HttpRequest, pk: int) -> HttpResponse:
    return HttpResponseRedirect(address(request, "job", pk))


ADDRESSES: Final = [
    Address("<int:pk>/cancel/", cancel, "job-cancel", alone="jobs/<int:pk>/cancel/"),
    Address("<int:pk>/retry/", retry, "job-retry", alone="jobs/<int:pk>/retry/"),
    Address("<int:pk>/delete/", delete, "job-delete", alone="jobs/<int:pk>/delete/"),
]
