"""Running a schedule now, switching it off and on, and editing its rule."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext

from pgjobs.exceptions import InvalidArgument
from pgjobs.models import Schedule
from pgjobs.models.job_database import job_database
from pgjobs.pages.address import Address
from pgjobs.pages.orders import actor_of, back, refusals_told, say
from pgjobs.pages.page import action
from pgjobs.pages.schedules.views import CHANGE, shown
from pgjobs.steering import schedules as steering


@action(CHANGE)
def run(request: HttpRequest, pk: int) -> HttpResponse:
    name = _named(pk)
    with refusals_told(request):
        done = steering.run(name, by=actor_of(request))
        said = (
            gettext("%(name)s: enqueued as job %(job)d.")
            if done.is_new
            else gettext("%(name)s: job %(job)d is live already.")
        )
        level = messages.SUCCESS if done.is_new else messages.INFO
        say(request, said % {"name": name, "job": done.job.pk}, level)
    return back(request, "schedule", pk)


@action(CHANGE)
def switch_off(request: HttpRequest, pk: int) -> HttpResponse:
    return _switch(request, pk, steering.switch_off, gettext("%s is switched off."))


@action(CHANGE)
def switch_on(request: HttpRequest, pk: int) -> HttpResponse:
    return _switch(request, pk, steering.switch_on, gettext("%s is switched on."))


@action(CHANGE)
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Give the schedule the rule of the form; a wrong one is shown again with its error."""
    name = _named(pk)
    given = {key: request.POST.get(key, "").strip() for key in ("interval", "cron")}
    try:
        rule = _rule(**given)
    except _Wrong as wrong:
        return shown(request, pk, given, **{wrong.field: wrong.said})
    with refusals_told(request):
        try:
            steering.edit(name, by=actor_of(request), **rule)
        except InvalidArgument as error:
            return shown(request, pk, given, **{next(iter(rule)): str(error)})
        say(request, gettext("%s has the new rule. It outlives deploys.") % name)
    return back(request, "schedule", pk)


@action(CHANGE)
def take_back(request: HttpRequest, pk: int) -> HttpResponse:
    """Give the schedule the rule of the code again."""
    name = _named(pk)
    with refusals_told(request):
        if steering.take_back(name, by=actor_of(request)):
            say(request, gettext("%s has the rule of the code again.") % name)
        else:
            say(request, gettext("%s was not edited.") % name, messages.INFO)
    return back(request, "schedule", pk)


class _Wrong(Exception):
    """A field of the form is wrong."""

    def __init__(self, field: str, said: str) -> None:
        super().__init__(said)
        self.field, self.said = field, said


def _rule(interval: str, cron: str) -> dict[str, Any]:
    if bool(interval) == bool(cron):
        raise _Wrong("interval", gettext("Give either minutes or a cron expression."))
    if cron:
        return {"cron": cron}
    if not (interval.isascii() and interval.isdecimal() and len(interval) < 10):
        raise _Wrong("interval", gettext("This must be a whole number of minutes."))
    return {"interval": int(interval)}


def _switch(request: HttpRequest, pk: int, switch: Callable[..., bool], done: str) -> HttpResponse:
    name = _named(pk)
    with refusals_told(request):
        if switch(name, by=actor_of(request)):
            say(request, done % name)
        else:
            say(request, gettext("%s was so already.") % name, messages.INFO)
    return back(request, "schedule", pk)


def _named(pk: int) -> str:
    schedules = Schedule.objects.using(job_database()).filter(pk=pk)
    name = schedules.values_list("job_class", flat=True).first()
    if name is None:
        raise Http404(f"There is no schedule {pk}.")
    return name


ADDRESSES: Final = [
    Address("schedules/<int:pk>/run/", run, "run-schedule"),
    Address("schedules/<int:pk>/off/", switch_off, "switch-off"),
    Address("schedules/<int:pk>/on/", switch_on, "switch-on"),
    Address("schedules/<int:pk>/rule/", edit, "edit-schedule"),
    Address("schedules/<int:pk>/rule/by-code/", take_back, "take-back"),
]
