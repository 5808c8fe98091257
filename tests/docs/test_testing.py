"""The page about tests, followed to the letter in a new project."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.markdown import DOCS, blocks
from tests.support.written_project import Project, a_project

PAGE = DOCS / "testing.md"
QUICKSTART = DOCS / "quickstart.md"
FAILING = """
import pytest
from network.jobs import SyncSite
from network.models import Site
from pgjobs.testing import assert_enqueued

@pytest.mark.django_db
def test_failing():
    lund, oslo = [Site.objects.create(name=name) for name in ("Lund", "Oslo")]
    SyncSite.enqueue(oslo)
    SyncSite.enqueue(lund, full=False)
    assert_enqueued(SyncSite, object=lund, full=True)
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """The quickstart's project with its models, the jobs of the page, and the page's tests."""
    with a_project(tmp_path_factory.mktemp("project")) as project:
        install, *_ = blocks(QUICKSTART, "sh")
        settings, models, *_, count_sites, _test = blocks(QUICKSTART, "python")
        project.follow([install, settings, models])
        project.manage("makemigrations", "network")
        project.follow([*blocks(PAGE, "python"), count_sites])
        yield project


def test_the_pages_tests_pass_under_pytest(project: Project) -> None:
    written = [block for block in blocks(PAGE, "python") if "\ndef test_" in block.text]
    tests = sum(block.text.count("\ndef test_") for block in written)

    output = project.run("-m", "pytest", "-q", "-p", "no:randomly", "--ds", "mysite.settings")

    assert tests > 8
    assert f"{tests} passed" in output


def test_the_pages_test_case_passes_under_django(project: Project) -> None:
    assert "Ran 1 test" in project.manage("test", "network")


def test_a_failure_reads_as_the_page_shows(project: Project) -> None:
    project.write("failing.py", FAILING)
    (shown,) = blocks(PAGE, "text")

    code, output = project.outcome("-m", "pytest", "--ds", "mysite.settings", "failing.py")

    assert code == 1
    told = [line.removeprefix("E").strip() for line in output.splitlines() if line.startswith("E ")]
    assert told == [line.strip() for line in shown.text.splitlines()]
