"""System checks: each names a problem and its remedy."""

from __future__ import annotations

import secrets
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import pytest_django
from django.apps import AppConfig
from django.core.checks import CheckMessage, run_checks
from django.utils.translation import gettext_lazy

from pgjobs import BackgroundJob
from pgjobs.plugins import PluginConfig
from pgjobs.registry import names
from tests.apps.testapp.models import Country
from tests.support.environment import ROOT
from tests.support.installed import installed

BACKENDS = "django.db.backends"


def problems(identifier: str) -> list[CheckMessage]:
    found = [problem for problem in run_checks() if problem.id == identifier]
    assert all(problem.hint for problem in found)
    return found


def check_project(directory: Path, *settings: str) -> tuple[int, str]:
    """Run ``manage.py check`` on the suite's settings with additional lines."""
    lines = ["from tests.settings import *", *settings, ""]
    (directory / "project_settings.py").write_text("\n".join(lines))
    check = subprocess.run(
        [sys.executable, "-m", "django", "check", "--settings", "project_settings"],
        env={"PYTHONPATH": f"{directory}:{ROOT}"},
        capture_output=True,
        text=True,
        check=False,
    )
    return check.returncode, check.stdout + check.stderr


@pytest.fixture
def only_jobs(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """An empty registry of job classes, for this test alone."""
    registry: dict[str, Any] = {}
    monkeypatch.setattr(names, "_targets", registry)
    monkeypatch.setattr(names, "_ambiguous", set())
    return registry


def job_class(class_name: str, **meta: Any) -> type[BackgroundJob]:
    members = {"Meta": type("Meta", (), meta), "run": lambda self: None}
    return type(class_name, (BackgroundJob,), members)


def test_a_sound_project_passes_every_check(tmp_path: Path) -> None:
    assert check_project(tmp_path) == (0, "System check identified no issues (0 silenced).\n")


def test_e001_names_a_database_that_is_not_postgresql(tmp_path: Path) -> None:
    code, output = check_project(
        tmp_path,
        f"DATABASES = {{'default': {{'ENGINE': '{BACKENDS}.sqlite3', 'NAME': ':memory:'}}}}",
    )

    assert code == 1
    assert (
        "(pgjobs.E001) pgjobs keeps its jobs in the database 'default', which is sqlite" in output
    )
    assert "HINT: Use PostgreSQL for it, and keep users" in output


def test_e001_ignores_a_database_without_jobs(tmp_path: Path) -> None:
    code, _ = check_project(
        tmp_path,
        f"DATABASES['other'] = {{'ENGINE': '{BACKENDS}.sqlite3', 'NAME': ':memory:'}}",
    )

    assert code == 0


def test_e002_names_psycopg_2(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("django.db.backends.postgresql.psycopg_any.is_psycopg3", False)

    (problem,) = problems("pgjobs.E002")

    assert "psycopg 3" in problem.msg


def test_e003_names_naive_datetimes(tmp_path: Path) -> None:
    code, output = check_project(tmp_path, "USE_TZ = False")

    assert code == 1
    assert "(pgjobs.E003) pgjobs needs aware datetimes" in output
    assert "HINT: Set USE_TZ = True." in output


@pytest.mark.parametrize(
    "change",
    [
        "INSTALLED_APPS.append(INSTALLED_APPS.pop(INSTALLED_APPS.index('pgjobs') - 1))",
        "INSTALLED_APPS.remove('procrastinate.contrib.django')",
    ],
    ids=["after", "absent"],
)
def test_e004_names_procrastinate_that_is_absent_or_after_pgjobs(
    change: str, tmp_path: Path
) -> None:
    code, output = check_project(tmp_path, change)

    assert code == 1
    assert "(pgjobs.E004) 'procrastinate.contrib.django' must stand before 'pgjobs'" in output
    assert 'HINT: INSTALLED_APPS = ["procrastinate.contrib.django", "pgjobs"' in output


def test_e005_names_every_wrong_setting(settings: pytest_django.Settings) -> None:
    settings.PGJOBS = {"CONCURRENCY": "four", "WORKERS": 4}

    assert sorted(problem.msg.split(" ")[0] for problem in problems("pgjobs.E005")) == [
        "PGJOBS['CONCURRENCY']",
        "PGJOBS['WORKERS']",
    ]


def test_e005_names_settings_that_are_not_a_dict(settings: pytest_django.Settings) -> None:
    settings.PGJOBS = None

    (problem,) = problems("pgjobs.E005")

    assert problem.msg == "PGJOBS must be a dict, not NoneType."


@pytest.mark.parametrize("queue", ["two words", "", "q" * 101])
def test_e006_names_a_mapped_queue_with_an_invalid_name(
    queue: str, settings: pytest_django.Settings
) -> None:
    settings.PGJOBS = {"QUEUE_MAPPINGS": {"site": queue}}

    (problem,) = problems("pgjobs.E006")

    assert f'PGJOBS["QUEUE_MAPPINGS"] names the queue {queue!r}' in problem.msg


@pytest.mark.parametrize(
    ("queues", "complaint"),
    [
        (["two words"], "The app withqueues names the queue 'two words'"),
        ("slow", "of the app withqueues must be a list of strings, not 'slow'"),
        (7, "of the app withqueues must be a list of strings, not 7"),
        (["slow", 7], "of the app withqueues must be a list of strings, not ['slow', 7]"),
    ],
)
def test_e006_names_invalid_queues_of_an_app(
    queues: Any, complaint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = installed(AppConfig, monkeypatch, "withqueues")
    monkeypatch.setattr(config, "pgjobs_queues", queues, raising=False)

    (problem,) = problems("pgjobs.E006")

    assert complaint in problem.msg


def test_e006_names_queues_of_a_plugin_that_are_not_a_list(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(installed(PluginConfig, monkeypatch, "withqueues"), "queues", "slow")

    (problem,) = problems("pgjobs.E006")

    assert "PluginConfig.queues must be a list of strings" in problem.msg


def test_w007_names_two_job_classes_of_one_name(only_jobs: dict[str, Any]) -> None:
    first, second = job_class("First", name="Twin"), job_class("Second", name="Twin")

    (problem,) = problems("pgjobs.W007")

    assert problem.msg.startswith("2 job classes are named 'Twin': ")
    assert first.path in problem.msg
    assert second.path in problem.msg


def test_w007_allows_a_name_that_two_classes_inherit(only_jobs: dict[str, Any]) -> None:
    parent = job_class("Parent", name="Sync")
    type("Child", (parent,), {"run": lambda self: None})

    assert problems("pgjobs.W007") == []


def test_w007_allows_classes_of_different_apps_without_a_meta_name(
    only_jobs: dict[str, Any],
) -> None:
    for app in ("first", "second"):
        type("SyncJob", (BackgroundJob,), {"__module__": f"{app}.jobs", "run": lambda self: None})

    assert len(only_jobs) == 2
    assert problems("pgjobs.W007") == []


def test_w007_names_a_class_that_is_called_as_another_names_itself(
    only_jobs: dict[str, Any],
) -> None:
    job_class("Twin")
    job_class("Second", name="Twin")

    (problem,) = problems("pgjobs.W007")

    assert not problem.is_serious()


def test_w007_compares_translated_names(only_jobs: dict[str, Any]) -> None:
    job_class("First", name=gettext_lazy("Twin"))
    job_class("Second", name="Twin")

    assert len(problems("pgjobs.W007")) == 1


def test_w009_names_a_path_that_two_classes_share(only_jobs: dict[str, Any]) -> None:
    twin, _ = job_class("Twin"), job_class("Twin")

    (problem,) = problems("pgjobs.W009")

    assert problem.msg.startswith(f"{twin.path} is defined twice")


def test_w009_allows_a_class_that_its_decorator_makes_anew(only_jobs: dict[str, Any]) -> None:
    once = job_class("Decorated")
    type("Decorated", (BackgroundJob,), {"run": once.run})

    assert problems("pgjobs.W009") == []


@pytest.mark.parametrize("key", ["brnch", "testapp.brnch", 7, BackgroundJob])
def test_e010_names_a_key_of_queue_mappings_that_names_no_model(
    key: Any, settings: pytest_django.Settings
) -> None:
    settings.PGJOBS = {"QUEUE_MAPPINGS": {key: "high"}}

    (problem,) = problems("pgjobs.E010")

    assert f"the key {key!r}, which names no model" in problem.msg


def test_e010_allows_every_form_of_key(settings: pytest_django.Settings) -> None:
    keys = ("Site", "testapp.Device", Country, None)
    settings.PGJOBS = {"QUEUE_MAPPINGS": dict.fromkeys(keys, "high")}

    assert problems("pgjobs.E010") == []


def test_e008_names_a_job_class_whose_queue_does_not_exist(only_jobs: dict[str, Any]) -> None:
    job_class("Lost", queue="nowhere")

    (problem,) = problems("pgjobs.E008")

    assert "Lost.Meta.queue is 'nowhere'" in problem.msg
    assert problem.hint == "The queues are: high, default, low."


def test_w015_names_a_memory_limit_without_a_process(
    only_jobs: dict[str, Any], settings: pytest_django.Settings
) -> None:
    job_class("Hungry", memory_limit=100)
    job_class("Limited", memory_limit=100, isolation="process")

    (problem,) = problems("pgjobs.W015")
    assert "Hungry.Meta.memory_limit has no effect" in problem.msg

    settings.PGJOBS = {"ISOLATION": "fresh_process"}
    assert problems("pgjobs.W015") == []


@pytest.mark.parametrize("token", ["short", "a" * 40, "only for tests", "ab" * 20])
def test_w019_names_a_token_that_can_be_guessed_without_the_token(
    token: str, settings: pytest_django.Settings
) -> None:
    settings.PGJOBS = {"METRICS_TOKEN": token.replace(" ", "-")}

    (problem,) = problems("pgjobs.W019")

    assert "can be guessed" in problem.msg
    assert token not in problem.msg


def test_w019_names_a_token_that_signs_the_sessions(settings: pytest_django.Settings) -> None:
    settings.SECRET_KEY = "django-insecure-0123456789abcdefghij"
    settings.PGJOBS = {"METRICS_TOKEN": settings.SECRET_KEY}

    (problem,) = problems("pgjobs.W019")

    assert "is SECRET_KEY" in problem.msg


def test_w019_accepts_a_random_token_and_none(settings: pytest_django.Settings) -> None:
    for token in ("", secrets.token_urlsafe(32)):
        settings.PGJOBS = {"METRICS_TOKEN": token}

        assert problems("pgjobs.W019") == []


@pytest.mark.parametrize(
    "path", ["pgjobs.notifications.nope", "nowhere.notify", "nonsense", "pgjobs.conf.LONGEST"]
)
def test_e014_names_a_notifier_that_is_no_function(
    path: str, settings: pytest_django.Settings
) -> None:
    settings.PGJOBS = {"NOTIFIER": path}

    (problem,) = problems("pgjobs.E014")

    assert repr(path) in problem.msg


def test_e014_names_a_notifier_of_alerts_that_is_no_function(
    settings: pytest_django.Settings,
) -> None:
    settings.PGJOBS = {"ALERTS": {"notifier": "nowhere.notify"}}

    (problem,) = problems("pgjobs.E014")

    assert problem.msg.startswith("PGJOBS['ALERTS']['notifier'] is 'nowhere.notify', which")


@pytest.mark.parametrize("path", ["nowhere.notify", "nonsense", "pgjobs.conf.LONGEST"])
def test_e016_names_a_function_of_visible_jobs_that_is_none(
    path: str, settings: pytest_django.Settings
) -> None:
    settings.PGJOBS = {"VISIBLE_JOBS": path}

    (problem,) = problems("pgjobs.E016")

    assert repr(path) in problem.msg
