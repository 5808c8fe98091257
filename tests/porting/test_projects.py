"""`manage.py pgjobs port` lists what whole projects have to change, and nothing else.

With REWRITE_EXPECTED in the environment, what the command writes becomes what is expected.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pgjobs.porting import SYSTEMS, Level, port
from pgjobs.porting.netbox import NAMES
from tests.support.environment import ROOT

PROJECTS = Path(__file__).parent / "projects"
EXPECTED = Path(__file__).parent / "expected"

Run = Callable[..., Any]

each_project = pytest.mark.parametrize(
    "project", sorted(path.name for path in PROJECTS.iterdir() if path.is_dir())
)


@each_project
def test_a_project_is_told_all_that_it_has_to_change(
    project: str, pgjobs: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(PROJECTS)

    ran = pgjobs("port", project)

    expected = EXPECTED / f"{project}.txt"
    if "REWRITE_EXPECTED" in os.environ:
        expected.write_text(ran.out)
    assert ran.out == expected.read_text()
    assert ran.errors == ""
    assert ran.code == (0 if ran.out.startswith("Nothing to change") else 1)


@each_project
def test_json_has_the_same_findings(
    project: str, pgjobs: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(PROJECTS)
    lines = re.findall(r"^(\S+):(\d+): ", (EXPECTED / f"{project}.txt").read_text(), re.M)

    rows = pgjobs("port", "--json", project).json

    assert [(row["path"], str(row["line"])) for row in rows] == lines
    for row in rows:
        code = (PROJECTS / row["path"]).read_text().splitlines()[row["line"] - 1]
        assert re.findall(r"\w+", row["old"])[0] in code
        assert 1 <= row["column"] <= len(code)


def test_one_system_is_enough_if_it_is_named(pgjobs: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(PROJECTS)

    rows = pgjobs("port", "--system", "rq", "--json", "netbox_plugin").json

    assert {row["system"] for row in rows} == {"rq"}
    assert [row["new"] for row in rows if row["line"] == 16] == [
        "from pgjobs.compat.rq import JobTimeoutException"
    ]
    assert pgjobs("port", "--system", "celery", "netbox_plugin").code == 0


@pytest.mark.parametrize("path", ["example_project", "pgjobs", "docs"])
def test_code_of_pgjobs_has_nothing_to_change(path: str, pgjobs: Run) -> None:
    ran = pgjobs("port", ROOT / path)

    assert re.fullmatch(r"Nothing to change in \d+ files\.\n", ran.out)
    assert ran.code == 0


def test_the_ported_plugin_is_that_of_the_tests_with_other_imports() -> None:
    there = (ROOT / "tests/apps/ported/jobs.py").read_text().partition("class MergeBranch")[2]
    here = (PROJECTS / "netbox_plugin/ported/jobs.py").read_text().partition("class MergeBranch")[2]

    assert here == there
    assert here


def test_new_imports_of_a_plugin_are_names_that_exist() -> None:
    import pgjobs.netbox

    assert set(NAMES.values()) <= set(pgjobs.netbox.__all__)


def test_each_system_has_findings_of_both_levels_in_the_projects() -> None:
    found = port(PROJECTS, list(SYSTEMS)).findings

    assert {(each.system, each.level) for each in found} == {
        (system, level) for system in SYSTEMS for level in Level
    }
