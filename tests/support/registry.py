"""Registries of classes, emptied for one test."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

# pytest loads this file before Django is set up, so it must not import pgjobs.
if TYPE_CHECKING:
    from pgjobs import BackgroundJob


def forget_system_job(job_class: type[BackgroundJob]) -> None:
    """Let no worker of this process run ``job_class`` by the clock."""
    from pgjobs.jobs import system

    del system._system_jobs[job_class.path]


def forget_system_jobs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pgjobs.jobs.system._system_jobs", {})
