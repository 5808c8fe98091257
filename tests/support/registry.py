"""Registries of classes, emptied for one test."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

# pytest loads this file before Django is set up, so it must not import pgjobs.
if TYPE_CHECKING:
    from pgjobs.registry.names import JobTarget


def forget_system_job(job_class: JobTarget) -> None:
    """Let no worker of this process run ``job_class`` by the clock."""
    from pgjobs.jobs import system
    from pgjobs.registry.names import path_of

    del system._system_jobs[path_of(job_class)]


def forget_system_jobs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pgjobs.jobs.system._system_jobs", {})
