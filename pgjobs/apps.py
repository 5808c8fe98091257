"""The app config of pgjobs: the steps that connect it to a project."""

from __future__ import annotations

from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules
from django.utils.translation import gettext_lazy as _


class PgJobsConfig(AppConfig):
    """Registers checks, log lines and the clock, then finds the jobs and the tasks of all apps."""

    name = "pgjobs"
    verbose_name = _("Background jobs")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from pgjobs import checks, log_lines, schema_upkeep
        from pgjobs.clock import register_tick
        from pgjobs.models import fixtures, mixins
        from pgjobs.tasks.discovery import discover

        checks.register_checks()
        log_lines.start()
        register_tick()
        schema_upkeep.connect(self)
        fixtures.connect()
        mixins.watch_proxies()
        autodiscover_modules("jobs")
        discover()
