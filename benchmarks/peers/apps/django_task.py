"""The task of the peers that are backends of Django's tasks, in Django itself since 6.0."""

from __future__ import annotations

import importlib

import django

from benchmarks import first_run

_TASKS = "django.tasks" if django.VERSION >= (6, 0) else "django_tasks"


@importlib.import_module(_TASKS).task
def nothing() -> None:
    first_run.note()
