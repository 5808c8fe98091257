from __future__ import annotations

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from inventory.jobs import SyncDataSource
from inventory.models import DataFile, DataSource
from pgjobs.models import Job, JobsMixin

SHOWN_JOBS = 10


def linked(job: Job) -> SafeString:
    label = f"#{job.pk} {job.name}"
    url = job.get_absolute_url()
    return format_html('<a href="{}">{}</a>', url, label) if url else format_html("{}", label)


class WithJobs(admin.ModelAdmin):  # type: ignore[type-arg]
    @admin.display(description="Latest jobs")
    def latest_jobs(self, instance: JobsMixin) -> SafeString:
        jobs = instance.jobs.order_by("-pk")[:SHOWN_JOBS]
        lines = ((linked(job), job.get_status_display()) for job in jobs)
        return format_html_join("", "{}: {}<br>", lines)


@admin.register(DataSource)
class DataSourceAdmin(WithJobs):
    list_display = ("name", "path", "file_count", "synced")
    readonly_fields = ("synced", "latest_jobs")
    actions = ("sync",)

    @admin.display(description="Files")
    def file_count(self, source: DataSource) -> int:
        return source.files.count()

    @admin.action(description="Sync selected data sources", permissions=["change"])
    def sync(self, request: HttpRequest, sources: QuerySet[DataSource]) -> None:
        for source in sources:
            job = SyncDataSource.enqueue_once(source, user=request.user)
            self.message_user(
                request, format_html("{}: {}", source.name, linked(job)), messages.SUCCESS
            )


@admin.register(DataFile)
class DataFileAdmin(WithJobs):
    list_display = ("path", "source", "size", "updated")
    list_filter = ("source",)
    search_fields = ("path", "sha256")
    fields = readonly_fields = ("source", "path", "size", "sha256", "updated", "latest_jobs")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False
