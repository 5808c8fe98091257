from __future__ import annotations

from django.contrib import admin
from django.http import HttpRequest

from myplugin.models import FileType, PythonFile


@admin.register(PythonFile)
class PythonFileAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("file", "classes", "functions", "lines")
    list_select_related = ("file",)
    search_fields = ("file__path",)
    readonly_fields = ("file", "classes", "functions", "lines")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False


@admin.register(FileType)
class FileTypeAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("suffix", "source", "files", "size")
    list_filter = ("source",)
    readonly_fields = ("suffix", "source", "files", "size")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False
