from __future__ import annotations

from django.apps import AppConfig


class OverseenConfig(AppConfig):
    name = "tests.integrations.overseen"

    def ready(self) -> None:
        from overseer.adapters import base

        adapter = "tests.integrations.overseen.adapter.PgJobsAdapter"
        base.ADAPTERS["pgjobs.tasks.backend.PgJobsBackend"] = adapter
