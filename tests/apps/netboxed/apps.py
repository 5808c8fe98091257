from __future__ import annotations

from django.apps import AppConfig


class NetBoxedConfig(AppConfig):
    name = "tests.apps.netboxed"
    label = "netboxed"
    default_auto_field = "django.db.models.BigAutoField"
