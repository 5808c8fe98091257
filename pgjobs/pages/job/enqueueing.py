"""The form to enqueue a job of a launchable class."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from django import forms
from django.core.exceptions import PermissionDenied
from django.db import models, transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext_lazy as _

from pgjobs.access import Verb, launchable, may, visible_to
from pgjobs.enqueueing.references import object_columns
from pgjobs.exceptions import InvalidArgument
from pgjobs.models import Job
from pgjobs.models.job_database import job_database
from pgjobs.pages.address import Address
from pgjobs.pages.job.forms import ArgumentsForm
from pgjobs.pages.job.objects import existing, models_with_jobs
from pgjobs.pages.job.rerun import check_visible
from pgjobs.pages.orders import actor_of, refusals_told, say
from pgjobs.pages.page import address, form, page, show
from pgjobs.queues import get_queue_for_model, known_queues
from pgjobs.registry.meta import NAME_LIMIT
from pgjobs.registry.names import JobTarget
from pgjobs.registry.targets import name_of, options_of
from pgjobs.steering import enqueueing, texts
from pgjobs.steering.selection import all_jobs


@page(Verb.ENQUEUE)
def index(request: HttpRequest) -> HttpResponse:
    """List the classes that may be enqueued here."""
    classes = [_described(path, target) for path, target in launchable().items()]
    context = {"classes": sorted(classes, key=lambda each: str(each["name"]).lower())}
    return show(request, "job/launchable.html", context, title=_("Enqueue"), tab="enqueue")


@form(Verb.ENQUEUE)
def enqueue(request: HttpRequest, path: str) -> HttpResponse:
    """Show the form of one class, and enqueue its job."""
    target = launchable().get(path)
    if target is None:
        raise Http404(_("There is no such launchable class."))
    given = request.POST if request.method == "POST" else None
    form = EnqueueForm(target, given, user=request.user, initial=_wanted(request))
    if form.is_bound and form.is_valid():
        job = _enqueued(request, path, target, form)
        if job is not None:
            say(request, _("Job %s is enqueued.") % job.pk)
            if may(request.user, Verb.VIEW):
                return HttpResponseRedirect(address(request, "job", job.pk))
            return HttpResponseRedirect(address(request, "enqueue"))
    described = _described(path, target)
    context, title = {"form": form, "class": described}, _("Enqueue %s") % described["name"]
    return show(request, "job/enqueue.html", context, title=title, tab="enqueue")


class EnqueueForm(ArgumentsForm):
    """The arguments and the options of a new job."""

    object_type = forms.ChoiceField(required=False)
    object_id = forms.CharField(required=False, max_length=255)
    queue_name = forms.ChoiceField(required=False, label=_("Queue"))
    schedule_at = forms.CharField(required=False, max_length=100, label=_("Start"))
    priority = forms.IntegerField(required=False, label=_("Priority"))
    once = forms.BooleanField(required=False, label=_("Once"))
    name = forms.CharField(max_length=NAME_LIMIT)

    def __init__(self, target: JobTarget, *args: Any, user: Any, **options: Any) -> None:
        super().__init__(target, *args, user=user, **options)
        meta, fields = options_of(target), self.fields
        usual = meta.queue or get_queue_for_model(None)
        self._models = models_with_jobs(user)
        choices = [(label, label) for label in sorted(self._models)]
        fields["object_type"].choices = [("", _("no object")), *choices]  # type: ignore[attr-defined]
        named = _("as usual") if meta.queue is None else usual
        queues = [(name, name) for name in known_queues()]
        fields["queue_name"].choices = [("", named), *queues]  # type: ignore[attr-defined]
        fields["priority"].widget.attrs["placeholder"] = str(meta.priority)
        if name_of(target):
            del fields["name"]

    def clean_schedule_at(self) -> Any:
        text = self.cleaned_data["schedule_at"].strip()
        if not text:
            return None
        try:
            return texts.moment("The moment", text, ahead=True)
        except InvalidArgument as error:
            raise forms.ValidationError(str(error)) from None

    def clean(self) -> dict[str, Any]:
        found = super().clean()
        label, key = found.get("object_type"), found.get("object_id")
        self.about: models.Model | None = None
        if bool(label) != bool(key):
            missing = "object_id" if label else "object_type"
            self.add_error(missing, _("The model and the key belong together."))
        elif label and key:
            try:
                self.about = existing(self._models[label], key, self.user)
            except forms.ValidationError as error:
                self.add_error("object_id", error)
        return found

    @property
    def options(self) -> dict[str, Any]:
        """The options of ``enqueue()`` that the user has given."""
        names = ("queue_name", "schedule_at", "priority", "name")
        found = {name: self.cleaned_data.get(name) for name in names}
        return {name: value for name, value in found.items() if value not in (None, "")}


def _enqueued(request: HttpRequest, path: str, target: JobTarget, form: EnqueueForm) -> Job | None:
    """Return the new job; None after a refusal, which the form or a message tells."""
    once = bool(form.cleaned_data.get("once"))
    given = {"user": request.user, **form.options, "arguments": form.arguments}
    with refusals_told(request):
        try:
            if once:
                _check_holder(request, path, form.about)
            with transaction.atomic(using=job_database()):
                job = enqueueing.enqueue(target, form.about, given, by=actor_of(request), once=once)
                check_visible(request, job)
                return job
        except InvalidArgument as error:
            form.refuse(error)
    return None


def _check_holder(request: HttpRequest, path: str, about: models.Model | None) -> None:
    """Raise PermissionDenied if a job that the user may not see holds the place.

    ``enqueue_once()`` could replace it.
    """
    columns = object_columns(about)
    holders = all_jobs().live().filter(job_class=path, once_key__isnull=False, **columns)
    if holders.exclude(pk__in=visible_to(request.user, all_jobs()).values("pk")).exists():
        raise PermissionDenied(_("A job that you may not see holds the place."))


def _wanted(request: HttpRequest) -> Mapping[str, str]:
    """Return the object that a link names: ``?object=app.model:key``."""
    label, _colon, key = request.GET.get("object", "").partition(":")
    return {"object_type": label, "object_id": key}


def _described(path: str, target: JobTarget) -> dict[str, Any]:
    options = options_of(target)
    name = name_of(target) or path.rpartition(".")[2]
    about = (target.__doc__ or "").strip().partition("\n\n")[0]
    return {
        "path": path,
        "name": name,
        "description": options.description or about,
        "queue": options.queue or "",
    }


ADDRESSES: Final = [
    Address("enqueue/", index, "enqueue"),
    Address("enqueue/<str:path>/", enqueue, "enqueue-class"),
]
