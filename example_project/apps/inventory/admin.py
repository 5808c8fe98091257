from __future__ import annotations

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString

from inventory.jobs import SyncDataSource
from inventory.models import DataFile, DataSource
from pgjobs.admin import ObjectJobsMixin
from pgjobs.models import Job


def linked(job: Job) -> SafeString:
    label = f"#{job.pk} {job.name}"
    url = job.get_absolute_url()
    return format_html('<a href="{}">{}</a>', url, label) if url else format_html("{}", label)


@admin.register(DataSource)
class DataSourceAdmin(ObjectJobsMixin, admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("name", "path", "file_count", "synced")
    readonly_fields = ("synced",)
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
class DataFileAdmin(ObjectJobsMixin, admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("path", "source", "size", "updated")
    list_filter = ("source",)
    search_fields = ("path", "sha256")
    fields = readonly_fields = ("source", "path", "size", "sha256", "updated")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False
