"""An admin without forms."""

from __future__ import annotations

from typing import Any

from django.contrib import admin


class LookOnly(admin.ModelAdmin):  # type: ignore[type-arg]
    """It adds, changes and deletes nothing. The pages have the actions."""

    view_on_site = False

    def has_add_permission(self, request: Any, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: Any, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: Any, obj: Any = None) -> bool:
        return False
