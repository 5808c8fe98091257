"""The list and the page of worker processes, with the state and the last heartbeat of each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from django.contrib import admin, messages
from django.db import models
from django.db.models import Count, OuterRef, Subquery
from django.db.models.constants import LOOKUP_SEP
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from pgjobs.access import visible_to
from pgjobs.admin.display import LookOnly, Seen, SeenSpan, badge, link, shown, span
from pgjobs.models import WorkerProcess
from pgjobs.steering import workers
from pgjobs.steering.actor import Actor

_STATES: Final = {
    "alive": ("green", _("Alive")),
    "draining": ("yellow", _("Draining")),
    "restarting": ("yellow", _("Restarting")),
    "silent": ("yellow", _("Silent")),
    "dead": ("red", _("Dead")),
    "stopped": ("gray", _("Stopped")),
}


class WorkerProcessAdmin(LookOnly):
    list_display = ("name", "liveness", "served", "in_hand", "heard", "started", "hostname", "pid")
    fields = (*list_display, "has_session_lock", "stopped")
    ordering = ("-stopped", "-id")  # NULL comes first: living workers have not stopped
    actions = ("drain", "restart")

    def has_steer_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("pgjobs.change_workerprocess")

    @admin.action(description=_("Drain selected workers"), permissions=["steer"])
    def drain(self, request: HttpRequest, chosen: models.QuerySet[WorkerProcess]) -> None:
        self._order(request, workers.drain, chosen, gettext("ordered to drain"))

    @admin.action(description=_("Restart selected workers"), permissions=["steer"])
    def restart(self, request: HttpRequest, chosen: models.QuerySet[WorkerProcess]) -> None:
        self._order(request, workers.restart, chosen, gettext("ordered to restart"))

    def _order(
        self,
        request: HttpRequest,
        give: Callable[..., list[workers.Ordered]],
        chosen: models.QuerySet[WorkerProcess],
        done: str,
    ) -> None:
        rows = {worker.pk: worker for worker in chosen}
        for ordered in give(rows, by=Actor.user(request.user)):
            name = f"{ordered.name} ({ordered.id})"
            if ordered.was_given:
                self.log_change(request, rows[ordered.id], done)
                self.message_user(request, f"{name}: {done}", messages.SUCCESS)
            else:
                text = gettext("%s has stopped or is dead.") % name
                self.message_user(request, text, messages.WARNING)

    def get_queryset(self, request: HttpRequest) -> Any:
        return (
            super()
            .get_queryset(request)
            .annotate(
                state=Seen("pgjobs_workers", "state", models.TextField()),
                ordered=Seen("pgjobs_workers", "ordered", models.TextField()),
                running=Coalesce(
                    Subquery(
                        visible_to(request.user)
                        .filter(status="running", worker=OuterRef("pk"))
                        .order_by()
                        .values("worker")
                        .annotate(number=Count("pk", distinct=True))
                        .values("number")
                    ),
                    0,
                ),
                silent_for=SeenSpan("pgjobs_workers", "silent_for"),
            )
        )

    def lookup_allowed(self, lookup: str, value: Any, request: Any = None) -> bool:
        """Refuse an address that filters workers by their jobs: the user may not see these jobs."""
        about_jobs = lookup.split(LOOKUP_SEP)[0] == "jobs"
        return not about_jobs and super().lookup_allowed(lookup, value, request)

    @shown(_("state"))
    def liveness(self, worker: Any) -> str:
        if worker.state == "alive" and worker.ordered:  # it obeys with its next heartbeat
            return badge("yellow", _("Ordered to %s") % worker.ordered)
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
        page = f"{jobs}?q=status:running+worker:{worker.pk}"
        return link(text, page if worker.running else None)

    @shown(_("last heartbeat"))
    def heard(self, worker: Any) -> str | None:
        return None if worker.silent_for is None else _("%s ago") % span(worker.silent_for)
