"""The commands of the example project that the demo does not run, each in a process of its own."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.demo_process import MANAGE, Demo
from tests.support.environment import ROOT
from tests.support.fresh_database import fresh_database
from tests.support.warm_process import forked_command

ENQUEUE = """
from inventory.jobs import SyncDataSource
from inventory.models import DataSource
source = DataSource.objects.create(name={path!r}, path={path!r})
print(SyncDataSource.enqueue(source).pk)
"""
SYNC = "inventory.jobs.SyncDataSource"


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    with fresh_database() as url:
        demo = Demo(directory=tmp_path_factory.mktemp("demo"), url=url)
        demo.manage("migrate")
        yield demo


@pytest.fixture
def job(demo: Demo, tmp_path: Path) -> int:
    """A waiting job that syncs an empty directory."""
    return int(manage(demo, "shell", "-v0", "--command", ENQUEUE.format(path=str(tmp_path))))


def run(demo: Demo, *arguments: object) -> tuple[int, str]:
    """Run a command in a fork; return its exit code and its output."""
    paths = os.pathsep.join([str(ROOT), str(MANAGE.parent / "apps")])
    settings = {"DJANGO_SETTINGS_MODULE": "example_project.settings", "PYTHONPATH": paths}
    with tempfile.TemporaryFile() as output:
        environment = {**demo.environment, **settings}
        process = forked_command(environment, *map(str, arguments), output=output.fileno())
        code = process.wait(90)
        return code, os.pread(output.fileno(), 1 << 20, 0).decode()


def manage(demo: Demo, *arguments: object) -> str:
    """Run a command and return its output; its exit code must be 0."""
    code, output = run(demo, *arguments)
    assert code == 0, output
    return output


def status(demo: Demo, job: int) -> str:
    (row,) = demo.ask("SELECT status FROM pgjobs_job WHERE id = %s", job)
    return str(row["status"])


def test_check_finds_nothing_wrong_with_the_example(demo: Demo) -> None:
    assert "System check identified no issues" in demo.manage("check", "--database", "default")


def test_a_job_runs_in_a_burst(demo: Demo, job: int) -> None:
    manage(demo, "pgjobs_worker", "--burst")
    assert status(demo, job) == "completed"


@pytest.mark.parametrize("paused", [["default"], ["--job-class", SYNC]], ids=["queue", "class"])
def test_a_paused_job_waits_until_it_is_resumed(demo: Demo, job: int, paused: list[str]) -> None:
    manage(demo, "pgjobs_pause", *paused)
    manage(demo, "pgjobs_worker", "--burst")
    waited = status(demo, job)
    manage(demo, "pgjobs_resume", *paused)
    manage(demo, "pgjobs_worker", "--burst")
    assert (waited, status(demo, job)) == ("pending", "completed")


def test_a_cancelled_job_does_not_run(demo: Demo, job: int) -> None:
    assert manage(demo, "pgjobs_cancel", job) == f"{job} cancelled\n"
    manage(demo, "pgjobs_worker", "--burst")
    assert status(demo, job) == "cancelled"


def test_the_admins_user_of_compose_is_created_once(
    demo: Demo, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {"USERNAME": "ada", "EMAIL": "ada@example.com", "PASSWORD": "x"}.items():
        monkeypatch.setenv(f"DJANGO_SUPERUSER_{name}", value)
    manage(demo, "createsuperuser", "--no-input")
    code, _ = run(demo, "createsuperuser", "--no-input")
    assert code == 1
    assert demo.ask("SELECT username FROM auth_user WHERE is_superuser") == [{"username": "ada"}]


def test_every_command_of_pgjobs_is_run_above() -> None:
    commands = (ROOT / "pgjobs" / "management" / "commands").glob("pgjobs_*.py")
    here = Path(__file__).read_text()
    assert [command.stem for command in commands if f'"{command.stem}"' not in here] == []
