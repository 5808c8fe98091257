"""System checks of the databases: jobs and the rows that they refer to are kept together."""

from __future__ import annotations

from typing import Any

import pytest
import pytest_django
from django.core.checks import CheckMessage, run_checks
from django.db import connection, connections


class SendsElsewhere:
    """A router that sends the writes of one model, or of one app, to another database."""

    moved = ""

    def db_for_write(self, model: Any, **hints: Any) -> str | None:
        return "other" if self.moved in (model._meta.label, model._meta.app_label) else None


@pytest.fixture
def other_database(settings: pytest_django.Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another database, to which ``SendsElsewhere`` can send."""
    monkeypatch.setitem(connections.settings, "other", connections.settings["default"])
    settings.DATABASE_ROUTERS = [f"{__name__}.SendsElsewhere"]


def problems(identifier: str) -> list[CheckMessage]:
    found = [problem for problem in run_checks() if problem.id == identifier]
    assert all(problem.hint for problem in found)
    return found


@pytest.mark.parametrize(
    ("moved", "named"),
    [
        ("auth.User", "auth.User"),
        ("contenttypes", "contenttypes.ContentType"),
        ("testapp.Site", "testapp.Site"),
        ("pgjobs.Schedule", "pgjobs.Schedule"),
        ("procrastinate", "procrastinate.ProcrastinateJob"),
        ("pgjobs", "auth.User"),
    ],
)
def test_e011_names_a_model_that_is_kept_apart_from_jobs(
    moved: str, named: str, other_database: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(SendsElsewhere, "moved", moved)

    assert any(f" {named} is kept in " in problem.msg for problem in problems("pgjobs.E011"))


def test_e011_names_procrastinates_connection_to_another_database(
    settings: pytest_django.Settings,
) -> None:
    settings.PROCRASTINATE_DATABASE_ALIAS = "other"

    (problem,) = problems("pgjobs.E011")

    assert "procrastinate's connection is kept in 'other'" in problem.msg


def test_e012_names_a_database_without_autocommit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(connection.settings_dict, "AUTOCOMMIT", False)

    (problem,) = problems("pgjobs.E012")

    assert "DATABASES['default']['AUTOCOMMIT'] is False" in problem.msg


@pytest.mark.parametrize("engine", [None, "django.db.backends.dummy"])
def test_e013_names_a_direct_database_that_is_no_postgresql(
    engine: str | None, settings: pytest_django.Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    if engine:
        other = {**connections.settings["default"], "ENGINE": engine}
        # An alias that no other test of this process has opened: Django keeps such a connection.
        monkeypatch.setitem(connections.settings, "unlike", other)
    settings.PGJOBS = {"DIRECT_DATABASE": "unlike"}

    (problem,) = problems("pgjobs.E013")

    assert "'unlike', which names no PostgreSQL" in problem.msg


def test_a_direct_database_that_exists_is_no_problem(settings: pytest_django.Settings) -> None:
    settings.PGJOBS = {"DIRECT_DATABASE": "default"}

    assert not problems("pgjobs.E013")
