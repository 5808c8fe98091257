"""`manage.py demo --serve`, and compose.yaml, which serves the same in containers."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.contrib.auth.models import User
from django.core.management.base import CommandError

from example_project.demo.login import create_user
from tests.support.demo_process import Demo
from tests.support.environment import ROOT
from tests.support.eventually import eventually
from tests.support.fresh_database import fresh_database

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc")


class Served:
    """A serving demo that is ended with all its processes, however the test ends."""

    def __init__(self, demo: Demo, source: Path) -> None:
        self.demo = demo
        self.process = demo.start("demo", "--path", source, "--serve", "--port", 0)
        assert self.process.stdout is not None
        self.shown = ""
        while not re.search(r"^  worker .*\n", self.shown, re.MULTILINE):
            line = self.process.stdout.readline()
            assert line, self.process.communicate()
            self.shown += line
        self._opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))

    def fact(self, name: str) -> str:
        found = re.search(rf"^  {name} +(.+)$", self.shown, re.MULTILINE)
        assert found, self.shown
        return found[1]

    def get(self, path: str, **form: str) -> str:
        data = urllib.parse.urlencode(form).encode() if form else None
        url = urllib.parse.urljoin(self.fact("admin"), path)
        with self._opener.open(url, data, timeout=20) as answer:
            return str(answer.read().decode())

    def log_in(self) -> str:
        username, _, password = self.fact("login").partition(" / ")
        page = self.get("/admin/login/")
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page)
        assert token
        return self.get(
            "/admin/login/?next=/admin/",
            username=username,
            password=password,
            csrfmiddlewaretoken=token[1],
        )

    def end(self, number: signal.Signals) -> tuple[int, str]:
        self.process.send_signal(number)
        _, error = self.process.communicate(timeout=40)
        return self.process.returncode, error


@pytest.fixture(scope="module")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a database with the example's tables, of which each demo gets a copy."""
    with fresh_database() as url:
        Demo(directory=tmp_path_factory.mktemp("migrated"), url=url).manage("migrate")
        yield url


@contextmanager
def a_demo(directory: Path, migrated: str) -> Iterator[Demo]:
    with fresh_database(migrated) as url:
        demo = Demo(directory=directory / "demo", url=url)
        yield demo
        for pid in demo.processes():
            with suppress(ProcessLookupError):  # the process has just ended
                os.kill(pid, signal.SIGKILL)


@contextmanager
def a_served_demo(directory: Path, migrated: str) -> Iterator[Served]:
    source = directory / "source"
    source.mkdir()
    (source / "one.py").write_text("x = 1\n")
    with a_demo(directory, migrated) as demo:
        served = Served(demo, source)
        yield served
        served.process.kill()
        served.process.communicate()


@pytest.fixture
def demo(tmp_path: Path, migrated: str) -> Iterator[Demo]:
    with a_demo(tmp_path, migrated) as demo:
        yield demo


@pytest.fixture
def served(tmp_path: Path, migrated: str) -> Iterator[Served]:
    """A serving demo that the test may end."""
    with a_served_demo(tmp_path, migrated) as served:
        yield served


@pytest.fixture(scope="module")
def visited(tmp_path_factory: pytest.TempPathFactory, migrated: str) -> Iterator[Served]:
    """A serving demo that tests share and don't end, with a signed-in visitor."""
    with a_served_demo(tmp_path_factory.mktemp("visited"), migrated) as served:
        assert "Data sources" in served.log_in()
        yield served


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text())
    return loaded


def test_the_printed_login_opens_an_admin_that_links_an_object_to_its_jobs(
    visited: Served,
) -> None:
    (file,) = visited.demo.ask("SELECT id FROM inventory_datafile WHERE path = 'one.py'")
    page = visited.get(f"/admin/inventory/datafile/{file['id']}/change/")
    (job,) = visited.demo.ask(
        "SELECT id FROM pgjobs_job WHERE name = 'Analyse Python file' AND object_id = %s",
        str(file["id"]),
    )
    link = re.search(
        rf'href="([^"]+)">Analyse Python file</a> <span[^>]*>#{job["id"]}</span>', page
    )
    assert link, page
    assert "one.py" in visited.get(link[1])


def test_a_sync_started_in_the_admin_is_run_by_the_worker(visited: Served) -> None:
    page = visited.get("/admin/inventory/datasource/")
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page)
    assert token
    (source,) = visited.demo.ask("SELECT id, path FROM inventory_datasource")
    Path(source["path"], "two.py").write_text("y = 2\n")
    answer = visited.get(
        "/admin/inventory/datasource/",
        action="sync",
        _selected_action=str(source["id"]),
        csrfmiddlewaretoken=token[1],
    )
    assert "Sync data source" in answer
    counted = "SELECT path FROM myplugin_pythonfile JOIN inventory_datafile ON id = file_id"
    eventually(lambda: len(visited.demo.ask(counted)) == 2, timeout=20)


@pytest.mark.parametrize(
    ("found", "condition"),
    [
        ("a job that failed", "status = 'failed' AND error LIKE 'blue-courier refused%'"),
        ("a job that is tried again", "status = 'scheduled' AND attempt > 0"),
        ("a long job with progress", "status = 'running' AND progress ->> 'done' > '0'"),
        ("a paused queue", "status = 'pending' AND queue_name = 'low'"),
        ("a job of tomorrow", "status = 'scheduled' AND attempt = 0"),
    ],
)
def test_each_page_has_something_to_show(visited: Served, found: str, condition: str) -> None:
    eventually(lambda: visited.demo.ask(f"SELECT id FROM pgjobs_job WHERE {condition}"), timeout=30)


@pytest.mark.parametrize(
    "name", ["overview", "queues", "workers", "schedules", "failures", "logs", "journal", "enqueue"]
)
def test_the_pages_of_the_served_demo_answer(visited: Served, name: str) -> None:
    assert 'aria-current="page"' in visited.get(f"/admin/pgjobs/job/{name}/")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_serving_demo_that_is_asked_to_end_exits_0_and_leaves_no_process(
    served: Served, number: signal.Signals
) -> None:
    assert len(served.demo.processes()) >= 3
    assert served.end(number) == (0, "")
    assert served.demo.processes() == []
    assert served.demo.ask("SELECT id FROM pgjobs_worker WHERE stopped IS NULL") == []


def test_a_serving_demo_that_is_killed_leaves_no_process(served: Served) -> None:
    served.end(signal.SIGKILL)
    eventually(lambda: not served.demo.processes(), timeout=30)


def test_a_web_server_that_dies_ends_the_demo_and_is_named(served: Served) -> None:
    web = re.search(r"process (\d+)", served.fact("web"))
    assert web
    os.kill(int(web[1]), signal.SIGKILL)
    _, error = served.process.communicate(timeout=40)
    assert served.process.returncode == 1
    assert "The web ended with exit code -9" in error
    assert served.demo.processes() == []


def test_a_demo_that_is_interrupted_leaves_unfinished_jobs_to_the_next_run(
    demo: Demo, tmp_path: Path
) -> None:
    source = tmp_path / "source"
    source.mkdir()
    for number in range(100):
        (source / f"{number}.py").write_text("x = 1\n")
    process = demo.start("demo", "--path", source)
    assert process.stdout is not None
    while "Started worker" not in process.stdout.readline():
        assert process.poll() is None
    process.send_signal(signal.SIGINT)
    _, error = process.communicate(timeout=40)
    assert process.returncode == 130
    assert error.startswith("CommandError: Interrupted.")
    assert demo.processes() == []
    analysed = "SELECT file_id FROM myplugin_pythonfile"
    assert len(demo.ask(analysed)) < 100
    assert demo.run("demo", "--path", source).returncode == 0
    assert len(demo.ask(analysed)) == 100


def test_a_taken_port_is_named_before_any_work_begins(demo: Demo) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        process = demo.run("demo", "--serve", "--port", port)
    assert (process.returncode, process.stdout) == (1, "")
    assert f"Port {port}: Address already in use" in process.stderr


def test_compose_has_postgres_web_and_a_worker_for_each_kind_of_queue(
    compose: dict[str, Any],
) -> None:
    assert compose["services"].keys() == {"postgres", "web", "worker", "worker-myplugin"}
    commands = [compose["services"][name]["command"] for name in ("worker", "worker-myplugin")]
    assert [command.partition("pgjobs_worker ")[2] for command in commands] == [
        "high default low",
        "myplugin.foo",
    ]


def test_every_service_of_compose_is_watched_by_a_healthcheck(compose: dict[str, Any]) -> None:
    for name, service in compose["services"].items():
        assert service["healthcheck"]["test"][0] == "CMD", name


def test_compose_publishes_ports_on_loopback_only(compose: dict[str, Any]) -> None:
    ports = [port for service in compose["services"].values() for port in service.get("ports", [])]
    assert len(ports) == 2
    assert all(port.startswith("127.0.0.1:") for port in ports)


def test_compose_has_no_password_of_its_own(compose: dict[str, Any]) -> None:
    said = [
        value
        for service in compose["services"].values()
        for name, value in service.get("environment", {}).items()
        if "PASSWORD" in name
    ]
    assert len(said) == 5
    assert all(re.match(r"\$\{\w+:\?", value) for value in said), said


def test_the_healthcheck_of_compose_passes_while_a_worker_lives_and_fails_without_one(
    visited: Served, demo: Demo, compose: dict[str, Any]
) -> None:
    _, _, *arguments = compose["services"]["worker"]["healthcheck"]["test"]

    def check(demo: Demo) -> int:
        command = [sys.executable, *arguments]
        return subprocess.run(command, env=demo.environment, stderr=subprocess.DEVNULL).returncode

    eventually(lambda: check(visited.demo) == 0)
    assert check(demo) == 1


@pytest.mark.django_db
def test_a_user_of_the_projects_own_is_left_alone() -> None:
    theirs = User.objects.create_user("demo", password="theirs")

    with pytest.raises(CommandError, match="a user 'demo' already"):
        create_user()

    theirs.refresh_from_db()
    assert (theirs.check_password("theirs"), theirs.is_superuser) == (True, False)


@pytest.mark.django_db
def test_the_demos_own_user_gets_a_new_password_each_time() -> None:
    first, second = create_user(), create_user()

    assert first != second
    assert User.objects.get(username="demo").check_password(second)
