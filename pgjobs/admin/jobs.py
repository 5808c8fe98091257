"""The list of jobs."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db import DatabaseError, OperationalError, models, router, transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, URLResolver, include, path, reverse
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from pgjobs.access import Verb, may, visible_to
from pgjobs.admin.deleting import JournalledDeletion, deleted_with
from pgjobs.admin.display import (
    Seen,
    SeenSpan,
    link,
    moment,
    named,
    page_of,
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
from pgjobs.models import Job
from pgjobs.pages.place import in_admin
from pgjobs.pages.urls import patterns


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

    # The page of a job takes each address with an id. Only an address without one comes here.

    def change_view(self, *args: Any, **kwargs: Any) -> HttpResponse:
        raise Http404

    def delete_view(self, *args: Any, **kwargs: Any) -> HttpResponse:
        raise Http404

    def history_view(self, *args: Any, **kwargs: Any) -> HttpResponse:
        raise Http404

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
