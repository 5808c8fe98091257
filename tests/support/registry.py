"""Registries of classes, emptied for one test."""

from __future__ import annotations

import pytest


def forget_system_jobs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pgjobs.jobs.system._system_jobs", {})
