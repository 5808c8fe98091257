"""The app of the measured jobs."""

from __future__ import annotations

from django.apps import AppConfig

from benchmarks import uncounted


class BenchmarkConfig(AppConfig):
    name = "benchmarks.app"
    label = "app"

    def ready(self) -> None:
        uncounted.obey()
