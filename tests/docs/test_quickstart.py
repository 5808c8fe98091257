"""The quickstart and the README's example, followed to the letter in a new project."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from http.cookiejar import CookieJar
from urllib.error import URLError
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, Request, build_opener

import pytest

from tests.support.eventually import eventually
from tests.support.markdown import DOCS, README, blocks
from tests.support.written_project import Project, a_project

QUICKSTART = DOCS / "quickstart.md"


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    with a_project(tmp_path_factory.mktemp("project")) as project:
        yield project


@pytest.fixture(scope="module")
def output(project: Project) -> str:
    """The output of the commands of the quickstart."""
    return project.follow(blocks(QUICKSTART, "python", "sh"))


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
        project.served("pgjobs_worker", "high"),  # it leaves the jobs to the other tests
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
