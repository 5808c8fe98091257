"""The list and the page of system jobs, with their next runs."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from django.contrib import admin, messages
from django.db import DatabaseError, models, transaction
from django.db.models import OuterRef, Subquery
from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from pgjobs.access import visible_to
from pgjobs.admin.display import (
    LookOnly,
    Seen,
    SeenSpan,
    badge,
    link,
    moment,
    page_of,
    reason_of,
    shown,
    span,
    status_badge,
)
from pgjobs.models import Job, Schedule
from pgjobs.models.job_database import job_database
from pgjobs.steering import schedules
from pgjobs.steering.actor import Actor


class ScheduleAdmin(LookOnly):
    list_display = ("job_class", "rule", "state", "due", "last_run", "last_job_link")
    fields = ("job_class", "rule", "state", "due", "last_run", "last_job_link")
    actions = ("run_now", "switch_off", "switch_on")

    def has_steer_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("pgjobs.change_schedule")

    @admin.action(description=_("Run selected system jobs now"), permissions=["steer"])
    def run_now(self, request: HttpRequest, chosen: models.QuerySet[Schedule]) -> None:
        def run(name: str) -> str:
            done = schedules.run(name, by=Actor.user(request.user))
            said = (
                gettext("enqueued as job %d") if done.is_new else gettext("job %d is live already")
            )
            return said % done.job.pk

        self._apply(request, run, chosen)

    @admin.action(description=_("Switch selected system jobs off"), permissions=["steer"])
    def switch_off(self, request: HttpRequest, chosen: models.QuerySet[Schedule]) -> None:
        self._switch(request, schedules.switch_off, chosen, gettext("switched off"))

    @admin.action(description=_("Switch selected system jobs on"), permissions=["steer"])
    def switch_on(self, request: HttpRequest, chosen: models.QuerySet[Schedule]) -> None:
        self._switch(request, schedules.switch_on, chosen, gettext("switched on"))

    def _switch(
        self, request: HttpRequest, verb: Callable[..., bool], chosen: Any, done: str
    ) -> None:
        def switch(name: str) -> str:
            return done if verb(name, by=Actor.user(request.user)) else gettext("as it was")

        self._apply(request, switch, chosen)

    def _apply(
        self, request: HttpRequest, verb: Callable[[str], str], chosen: Iterable[Schedule]
    ) -> None:
        """Steer each schedule by itself, and tell the user of the result."""
        for schedule in chosen:
            try:
                with transaction.atomic(using=job_database()):
                    said = verb(schedule.job_class)
            except LookupError as error:
                self.message_user(request, str(error), messages.WARNING)
            except DatabaseError as error:
                text = f"{schedule.job_class}: {reason_of(error)}"
                self.message_user(request, text, messages.ERROR)
            else:
                self.log_change(request, schedule, said)
                self.message_user(request, f"{schedule.job_class}: {said}", messages.SUCCESS)

    def get_queryset(self, request: HttpRequest) -> Any:
        return (
            super()
            .get_queryset(request)
            .annotate(
                in_words=Seen("pgjobs_schedules", "rule", models.TextField()),
                overdue_by=SeenSpan("pgjobs_schedules", "overdue_by"),
                next_in_view=Seen("pgjobs_schedules", "next_run", models.DateTimeField()),
                last_status=Subquery(
                    visible_to(request.user)
                    .filter(pk=OuterRef("last_job_id"))
                    .order_by()
                    .values("status")[:1]
                ),
            )
        )

    @shown(_("rule"))
    def rule(self, schedule: Any) -> str:
        words = str(schedule.in_words)
        return gettext("%s (edited)") % words if schedule.is_edited else words

    @shown(_("next run"))
    def due(self, schedule: Any) -> str | None:
        return None if schedule.next_in_view is None else moment(schedule.next_in_view)

    @shown(_("state"))
    def state(self, schedule: Any) -> str:
        if schedule.switched_off is not None:
            return badge("gray", _("Switched off since %s") % moment(schedule.switched_off))
        if not schedule.enabled:
            return badge("gray", _("Off: its class is gone"))
        if schedule.overdue_by is None:
            return badge("green", _("On time"))
        return badge("red", _("Overdue by %s") % span(schedule.overdue_by))

    @shown(_("last job"))
    def last_job_link(self, schedule: Any) -> Any:
        if schedule.last_status is None:
            return None
        page = page_of(Job, schedule.last_job_id, self.admin_site)
        return link(status_badge(schedule.last_status), page)
