"""The example project's own tests, which use the test kit as a project does."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.demo_process import Demo
from tests.support.environment import ROOT
from tests.support.fresh_database import fresh_database

APPS = ROOT / "example_project" / "apps"


@pytest.mark.parametrize("app", ["inventory", "myplugin"])
def test_the_tests_of_an_app_pass(app: str, tmp_path: Path) -> None:
    tests = (APPS / app / "tests.py").read_text().count("def test_")
    with fresh_database() as url:
        done = Demo(directory=tmp_path, url=url).run("test", app, "--noinput")

    assert done.returncode == 0, done.stderr
    assert f"Ran {tests} test" in done.stderr
    assert tests
