"""The quickstart and the README's example, followed to the letter in a new project."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.cookiejar import CookieJar
from pathlib import Path
from urllib.error import URLError
from urllib.parse import urlencode, urlsplit
from urllib.request import HTTPCookieProcessor, Request, build_opener

import dj_database_url
import pytest

from tests.support.environment import ROOT
from tests.support.eventually import eventually
from tests.support.fresh_database import fresh_database
from tests.support.markdown import DOCS, README, Block, blocks

QUICKSTART = DOCS / "quickstart.md"


class Project:
    """A directory in which the blocks of a page are carried out, on a database of its own."""

    def __init__(self, directory: Path, environment: dict[str, str], database: str) -> None:
        self._directory = directory
        self._environment = environment
        self._database = database

    def follow(self, page: list[Block]) -> str:
        """Write the files and run the commands that ``page`` shows; return their output."""
        return "".join(self._carry_out(block) for block in page)

    def manage(self, *arguments: str) -> str:
        return self._run("manage.py", *arguments)

    @contextmanager
    def served(self, *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
        """Run a command that goes on, until the block ends."""
        command = [sys.executable, "manage.py", *arguments]
        with subprocess.Popen(command, cwd=self._directory, env=self._environment) as process:
            try:
                yield process
            finally:
                process.terminate()
                process.wait(30)

    def with_environment(self, **names: str) -> Project:
        return Project(self._directory, {**self._environment, **names}, self._database)

    def write(self, name: str, text: str) -> None:
        """Add ``text`` to a file, because pages show a file bit by bit."""
        with (self._directory / name).open("a") as file:
            file.write(f"\n\n{text}")

    def _carry_out(self, block: Block) -> str:
        if block.title == "manage.py shell":
            return self.manage("shell", "--command", block.text)
        if block.language == "python":
            text = block.text.replace('"NAME": "mysite"', f'"NAME": "{self._database}"')
            self.write(block.title, text)
            return ""
        return "".join(self._command(line) for line in block.text.splitlines())

    def _command(self, line: str) -> str:
        match line.split():
            # A server and a worker that go on: another test follows them.
            case ["venv/bin/python", "manage.py", "runserver" | "createsuperuser", *_]:
                return ""
            case ["venv/bin/python", "manage.py", "pgjobs_worker"]:
                return ""
            case ["venv/bin/python", "manage.py", *arguments]:
                return self.manage(*arguments)
            case ["venv/bin/django-admin", *arguments]:
                return self._run("-m", "django", *arguments)
        assert "-m venv" in line or "pip install" in line, f"who does {line!r}?"
        return ""

    def _run(self, *arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, *arguments],
            cwd=self._directory,
            env=self._environment,
            capture_output=True,
            text=True,
            check=False,
        )
        output = done.stdout + done.stderr
        assert done.returncode == 0, output
        return output


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    with fresh_database() as url:
        database = urlsplit(url).path.removeprefix("/")
        yield Project(tmp_path_factory.mktemp("project"), address_of(url), database)


@pytest.fixture(scope="module")
def output(project: Project) -> str:
    """The output of the commands of the quickstart."""
    return project.follow(blocks(QUICKSTART, "python", "sh"))


def address_of(server: str) -> dict[str, str]:
    """Return the server's address in the environment variables of libpq."""
    config = dict(dj_database_url.parse(server))
    names = {"PGHOST": "HOST", "PGPORT": "PORT", "PGUSER": "USER", "PGPASSWORD": "PASSWORD"}
    address = {name: str(config[key]) for name, key in names.items() if config.get(key)}
    ours = {"DATABASE_URL", "DJANGO_SETTINGS_MODULE", "PGJOBS"}
    kept = {name: value for name, value in os.environ.items() if name not in ours}
    return {**kept, **address, "PYTHONPATH": str(ROOT)}


def test_the_quickstart_followed_to_the_letter_prints_the_shown_output(output: str) -> None:
    progress = "{'done': 3, 'total': 3, 'message': 'device 3'}"

    assert "job=1 class=network.jobs.SyncSite attempt=1 start" in output
    assert f"1 Lund completed  {{'devices': 3}} {progress}" in output
    assert "2 Oslo failed The site is switched off. None" in output
    assert "3 Lund completed" in output
    assert " Lund scheduled " in output
    assert "['syncing Lund, full: True']" in output


def test_the_quickstarts_own_test_passes(project: Project, output: str) -> None:
    assert "Ran 1 test" in project.manage("test", "network")


def test_the_readmes_example_runs_in_the_quickstarts_project(project: Project, output: str) -> None:
    job_class, calls = blocks(README, "python")
    project.write("network/jobs.py", job_class.text)

    project.manage("shell", "--command", f"{GIVEN}\n{calls.text}")
    worked = project.manage("pgjobs_worker", "--burst")

    assert worked.count("class=network.jobs.SyncSite completed") == 2
    # The quickstart's system job was not there yet when its own worker ran.
    assert worked.count("class=network.jobs.CountSites completed") == 1
    assert "Bergen: completed, completed, scheduled" in project.manage("shell", "--command", LOOK)


def test_the_overview_follows_the_jobs_of_the_quickstart(project: Project, output: str) -> None:
    create = next(line for line in lines_of("sh") if "createsuperuser" in line).split()[2:]
    password = {"DJANGO_SUPERUSER_PASSWORD": "secret", "DJANGO_SUPERUSER_EMAIL": "ada@localhost"}
    project.with_environment(**password).manage(*create, "--no-input")
    address = f"127.0.0.1:{free_port()}"
    with (
        project.served("runserver", "--noreload", "--insecure", address),
        project.served("pgjobs_worker"),
    ):
        visitor = Visitor(f"http://{address}", "ada", "secret")
        page = eventually(lambda: visitor.reads_with("/admin/pgjobs/job/overview/", "/4</span>"))
        assert "The site is switched off." in page
    assert "/admin/pgjobs/job/overview/" in QUICKSTART.read_text()


def lines_of(language: str) -> list[str]:
    return [line for block in blocks(QUICKSTART, language) for line in block.text.splitlines()]


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


class Visitor:
    """A user who has logged in to the admin."""

    def __init__(self, site: str, name: str, password: str) -> None:
        self._site, self._login = site, {"username": name, "password": password}
        self._cookies = CookieJar()
        self._opener = build_opener(HTTPCookieProcessor(self._cookies))
        self._is_in = False

    def reads_with(self, path: str, text: str) -> str:
        """Return the page if it has ``text``, or ""."""
        try:
            if not self._is_in:
                self._log_in()
            page = self._opener.open(f"{self._site}{path}").read().decode()
        except URLError:
            return ""
        return page if text in page else ""

    def _log_in(self) -> None:
        url = f"{self._site}/admin/login/"
        self._opener.open(url).read()
        token = next(cookie.value for cookie in self._cookies if cookie.name == "csrftoken")
        form = {**self._login, "csrfmiddlewaretoken": token or "", "next": "/admin/"}
        sent = Request(url, urlencode(form).encode(), {"Referer": url})
        self._opener.open(sent).read()
        self._is_in = True


GIVEN = """
from types import SimpleNamespace
from django.contrib.auth.models import User
from network.jobs import SyncSite
from network.models import Site
site = Site.objects.create(name="Bergen")
request = SimpleNamespace(user=User.objects.create_user("grace"))
"""

LOOK = """
from network.models import Site
site = Site.objects.get(name="Bergen")
print(f"{site}:", ", ".join(job.status for job in site.jobs.order_by("id")))
"""
