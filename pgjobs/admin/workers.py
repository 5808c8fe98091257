"""The list and the page of worker processes, with the state and the last heartbeat of each."""

from __future__ import annotations

from typing import Any, Final

from django.contrib import admin
from django.db import models
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from pgjobs.admin.display import LookOnly, Seen, SeenSpan, badge, link, shown, span
from pgjobs.models import WorkerProcess

_STATES: Final = {
    "alive": ("green", _("Alive")),
    "draining": ("yellow", _("Draining")),
    "silent": ("yellow", _("Silent")),
    "dead": ("red", _("Dead")),
    "stopped": ("gray", _("Stopped")),
}


@admin.register(WorkerProcess)
class WorkerProcessAdmin(LookOnly):
    list_display = ("name", "liveness", "served", "in_hand", "heard", "started", "hostname", "pid")
    fields = (*list_display, "has_session_lock", "stopped")
    ordering = ("-stopped", "-id")  # NULL comes first: living workers have not stopped

    def get_queryset(self, request: HttpRequest) -> Any:
        return (
            super()
            .get_queryset(request)
            .annotate(
                state=Seen("pgjobs_workers", "state", models.TextField()),
                running=Seen("pgjobs_workers", "running", models.IntegerField()),
                silent_for=SeenSpan("pgjobs_workers", "silent_for"),
            )
        )

    @shown(_("state"))
    def liveness(self, worker: Any) -> str:
        return badge(*_STATES[worker.state])

    @shown(_("queues"))
    def served(self, worker: WorkerProcess) -> str:
        return ", ".join(map(str, worker.queues))  # SQL by hand can write anything there

    @shown(_("Claimed jobs"))
    def in_hand(self, worker: Any) -> Any:
        text = _("%(jobs)s (%(slots)s slots)") % {
            "jobs": worker.running,
            "slots": worker.concurrency,
        }
        jobs = reverse("admin:pgjobs_job_changelist", current_app=self.admin_site.name)
        page = f"{jobs}?status__exact=running&worker__id__exact={worker.pk}"
        return link(text, page if worker.running else None)

    @shown(_("last heartbeat"))
    def heard(self, worker: Any) -> str | None:
        return None if worker.silent_for is None else _("%s ago") % span(worker.silent_for)
