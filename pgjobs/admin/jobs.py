"""The list of jobs, and the page of one job."""

from __future__ import annotations

from typing import Any, Final

from django.contrib import messages
from django.db import DatabaseError, OperationalError, models, router, transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, URLResolver, include, path, reverse
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from pgjobs.access import Verb, may, redacted_column, visible_to
from pgjobs.admin.deleting import JournalledDeletion, deleted_with
from pgjobs.admin.display import (
    Seen,
    SeenSpan,
    badge,
    failures_of,
    link,
    moment,
    named,
    page_of,
    parts_of,
    shown,
    span,
    status_badge,
)
from pgjobs.admin.finding import FindingAdmin
from pgjobs.admin.listing import (
    BoundedPaginator,
    CreatedFilter,
    JobChangeList,
    JobClassFilter,
    QueueFilter,
)
from pgjobs.admin.steering import SteeringAdmin, reason_of
from pgjobs.choices import JobStatus
from pgjobs.models import Job, Schedule
from pgjobs.models.job_objects import find_objects
from pgjobs.pages.place import in_admin
from pgjobs.pages.urls import patterns

LOG_LINES: Final = 1000
"""The page of a job shows so many lines of its log: the last ones."""

_LEVELS: Final = {
    "info": "blue",
    "warning": "yellow",
    "error": "red",
    "critical": "red",
}


class JobAdmin(JournalledDeletion, FindingAdmin, SteeringAdmin):
    list_display = (
        "id",
        "name",
        "status_shown",
        "queue_name",
        "object_link",
        "created_shown",
        "late",
        "took",
        "attempts",
    )
    list_display_links = ("id", "name")
    list_filter = ("status", QueueFilter, JobClassFilter, ("created", CreatedFilter))
    paginator = BoundedPaginator
    fieldsets = (
        (None, {"fields": ("status_shown", "progress_bar", "error", "object_link", "job_class")}),
        (
            _("Times"),
            {"fields": (("created", "scheduled", "late"), ("started", "completed", "took"))},
        ),
        (
            _("Execution"),
            {
                "fields": (
                    ("queue_name", "priority", "worker_link"),
                    ("attempts", "interruptions", "timeout"),
                    ("interval", "schedule_link"),
                    ("user_link", "notifications"),
                )
            },
        ),
    )

    def get_urls(self) -> list[URLPattern | URLResolver]:  # type: ignore[override]
        pages = (patterns(in_admin(self.admin_site)), "pgjobs")
        return [path("", include(pages)), *super().get_urls()]

    def get_queryset(self, request: HttpRequest) -> Any:
        return (
            visible_to(request.user, super().get_queryset(request))
            .select_related("object_type", "worker", "user")
            .annotate(
                late_by=SeenSpan("pgjobs_jobs", "late_by"),
                ran_for=SeenSpan("pgjobs_jobs", "duration"),
                percent=Seen("pgjobs_jobs", "progress_percent", models.IntegerField()),
                about=Seen("pgjobs_jobs", "object", models.TextField()),
            )
        )

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[JobChangeList]:
        return JobChangeList

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return may(request.user, Verb.VIEW)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return may(request.user, Verb.DELETE)

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        return deleted_with(objs, request, self.admin_site)

    def delete_view(
        self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """Delete one job; a refusal by a trigger or a constraint of the project becomes a message.

        Django rolls back the history that it has written before.
        """
        try:
            return super().delete_view(request, object_id, *args, **kwargs)
        except DatabaseError as error:
            return self._not_deleted(request, error)

    def response_action(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        if "delete_selected" not in request.POST.getlist("action"):
            return super().response_action(request, *args, **kwargs)
        try:
            # Django writes the history first, and it must not tell of a deletion that was refused.
            with transaction.atomic(using=router.db_for_write(Job)):
                return super().response_action(request, *args, **kwargs)
        except DatabaseError as error:
            return self._not_deleted(request, error)

    def _not_deleted(self, request: HttpRequest, error: DatabaseError) -> HttpResponse:
        if isinstance(error, OperationalError):  # the server, and not a job, is to blame
            raise error
        said = gettext("PostgreSQL refused the deletion: %s") % reason_of(error)
        self.message_user(request, said, messages.ERROR)
        jobs = reverse("admin:pgjobs_job_changelist", current_app=self.admin_site.name)
        return HttpResponseRedirect(jobs)

    def get_object(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Job | None:
        job = super().get_object(request, *args, **kwargs)
        if job is not None:
            find_objects([job])
        return job

    def get_fieldsets(self, request: HttpRequest, obj: Job | None = None) -> Any:
        fieldsets = super().get_fieldsets(request, obj)
        optional = {"error": "error", "progress": "progress_bar"}
        empty = [field for name, field in optional.items() if not getattr(obj, name, None)]
        return [(title, _without(empty, options)) for title, options in fieldsets]

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> Any:
        job = context["original"]
        newest = list(job.log_entries.order_by("-id")[: LOG_LINES + 1])
        for line in newest:
            line.badge = badge(_LEVELS.get(line.level, "gray"), line.level)
        context |= {
            "can_steer": self.has_steer_permission(request),
            "verb": "retry" if job.is_finished else "cancel",
            "parts": parts_of(job),
            "failures": failures_of(redacted_column(job, "errors")),
            "log": newest[:LOG_LINES][::-1],
            "log_is_cut": len(newest) > LOG_LINES,
        }
        return super().render_change_form(request, context, *args, **kwargs)

    # Values ---------------------------------------------------------------------------

    @shown(_("status"))
    def status_shown(self, job: Any) -> Any:
        if job.status != JobStatus.RUNNING:
            return status_badge(job.status)
        percent = "" if job.percent is None else f"{job.percent} %"
        told = _("told to stop") if job.cancel_requested else ""
        return format_html("{} {} {}", status_badge(job.status), percent, told)

    @shown(_("object"))
    def object_link(self, job: Any) -> Any:
        found = job.found_object
        if found is None:
            return job.about
        return link(named(found) or job.about, page_of(type(found), found.pk, self.admin_site))

    @shown(_("created"))
    def created_shown(self, job: Job) -> str:
        return moment(job.created)

    @shown(_("late by"))
    def late(self, job: Any) -> str | None:
        return span(job.late_by)

    @shown(_("duration"))
    def took(self, job: Any) -> str | None:
        return span(job.ran_for)

    @shown(_("attempt"))
    def attempts(self, job: Job) -> str:
        return _("%(attempt)s of %(allowed)s") % {
            "attempt": job.attempt,
            "allowed": job.max_attempts,
        }

    @shown(_("progress"))
    def progress_bar(self, job: Any) -> Any:
        progress = redacted_column(job, "progress")
        said = progress if isinstance(progress, dict) else {"message": progress}
        bar: Any = ""
        if job.percent is not None:
            bar = format_html(
                '<progress class="pgjobs-progress" max="100" value="{0}">{0} %</progress> {0} % ',
                job.percent,
            )
        return format_html("{}{}", bar, named(said.get("message") or "")) or None

    @shown(_("worker"))
    def worker_link(self, job: Job) -> Any:
        if job.worker is None:
            return None
        return link(job.worker.name, page_of(type(job.worker), job.worker.pk, self.admin_site))

    @shown(_("schedule"))
    def schedule_link(self, job: Job) -> Any:
        schedule = None
        if job.object_id is None:
            schedule = Schedule.objects.filter(job_class=job.job_class).first()
        return schedule and link(schedule, page_of(Schedule, schedule.pk, self.admin_site))

    @shown(_("user"))
    def user_link(self, job: Job) -> Any:
        user = job.user
        return user and link(named(user), page_of(type(user), user.pk, self.admin_site))


def _without(names: list[str], options: Any) -> Any:
    """Return the ``options`` of a fieldset without the fields of these names."""
    return {**options, "fields": [name for name in options["fields"] if name not in names]}
