"""The list and the page of system jobs, with their next runs."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db import models
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from pgjobs.admin.display import (
    LookOnly,
    Seen,
    SeenSpan,
    badge,
    link,
    page_of,
    shown,
    span,
    status_badge,
)
from pgjobs.models import Job, Schedule


@admin.register(Schedule)
class ScheduleAdmin(LookOnly):
    list_display = ("job_class", "rule", "state", "next_run", "last_run", "last_job_link")
    fields = ("job_class", "rule", "state", "next_run", "last_run", "last_job_link")

    def get_queryset(self, request: HttpRequest) -> Any:
        return (
            super()
            .get_queryset(request)
            .annotate(
                in_words=Seen("pgjobs_schedules", "rule", models.TextField()),
                overdue_by=SeenSpan("pgjobs_schedules", "overdue_by"),
                last_status=Seen("pgjobs_schedules", "last_status", models.TextField()),
            )
        )

    @shown(_("rule"))
    def rule(self, schedule: Any) -> str:
        return str(schedule.in_words)

    @shown(_("state"))
    def state(self, schedule: Any) -> str:
        if not schedule.enabled:
            return badge("gray", _("Off"))
        if schedule.overdue_by is None:
            return badge("green", _("On time"))
        return badge("red", _("Overdue by %s") % span(schedule.overdue_by))

    @shown(_("last job"))
    def last_job_link(self, schedule: Any) -> Any:
        if schedule.last_status is None:
            return None
        page = page_of(Job, schedule.last_job_id, self.admin_site)
        return link(status_badge(schedule.last_status), page)
