"""The version matrix in pyproject.toml is the one that tools, metadata and pages go by."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any, Final

import pytest

from tests.support.environment import ROOT
from tests.support.markdown import PAGES

PROJECT: Final[Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())
MATRIX: Final[Any] = PROJECT["tool"]["pgjobs"]["matrix"]
DJANGO_ON_PYTHON: Final[dict[str, str]] = MATRIX["django_on_python"]
SUPPORTED: Final[dict[str, list[str]]] = {
    "Python": list(DJANGO_ON_PYTHON),
    "Django": list(DJANGO_ON_PYTHON.values()),
    "PostgreSQL": MATRIX["postgresql"],
}

RANGE = re.compile(r"\b(Python|Django|PostgreSQL)\s+\(?([\d.]+) to ([\d.]*\d)")
LOWER_BOUND = re.compile(r"\b(Python|Django|PostgreSQL)\s+([\d.]*\d) or newer")

every_product = pytest.mark.parametrize("product", SUPPORTED)
every_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)


@every_product
def test_the_matrix_lists_each_version_once_oldest_first(product: str) -> None:
    versions = SUPPORTED[product]

    assert sorted(set(versions), key=as_numbers) == versions


# Metadata and tools -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("product", "classifier"),
    [
        ("Python", r"Programming Language :: Python :: (\d\.\d+)"),
        ("Django", r"Framework :: Django :: (\d\.\d+)"),
    ],
)
def test_the_classifiers_name_the_versions_of_the_matrix(product: str, classifier: str) -> None:
    found = [re.fullmatch(classifier, line) for line in PROJECT["project"]["classifiers"]]

    assert [match[1] for match in found if match] == SUPPORTED[product]


def test_the_lower_bounds_of_the_package_are_the_oldest_versions_of_the_matrix() -> None:
    assert PROJECT["project"]["requires-python"] == f">={SUPPORTED['Python'][0]}"
    assert f"django>={SUPPORTED['Django'][0]}" in PROJECT["project"]["dependencies"]


def test_ruff_and_mypy_judge_by_the_oldest_python_of_the_matrix() -> None:
    oldest = SUPPORTED["Python"][0]

    assert PROJECT["tool"]["ruff"]["target-version"] == f"py{oldest.replace('.', '')}"
    assert PROJECT["tool"]["mypy"]["python_version"] == oldest


def test_nox_has_a_session_for_each_python_of_the_matrix() -> None:
    assert pythons_of_nox() == SUPPORTED["Python"]


def test_nox_tries_other_packages_on_the_newest_python_of_the_matrix() -> None:
    assert pythons_of_nox("--sessions", "integrations") == SUPPORTED["Python"][-1:]


def test_the_shell_reads_the_pairs_of_the_matrix_newest_first() -> None:
    pairs = [line.split() for line in output_of(".ci/matrix.py").splitlines()]

    assert pairs == [list(pair) for pair in reversed(DJANGO_ON_PYTHON.items())]


def test_the_shell_reads_each_python_with_the_djangos_that_it_may_have() -> None:
    pairs = {tuple(line.split()) for line in output_of(".ci/matrix.py", "pairs").splitlines()}

    assert pairs >= set(DJANGO_ON_PYTHON.items())
    oldest, newest = SUPPORTED["Python"][0], SUPPORTED["Python"][-1]
    assert {django for python, django in pairs if python == newest} == set(SUPPORTED["Django"])
    assert {django for python, django in pairs if python == oldest} == {SUPPORTED["Django"][0]}


def test_the_shell_reads_the_oldest_and_the_newest_postgresql() -> None:
    versions = SUPPORTED["PostgreSQL"]

    assert output_of(".ci/matrix.py", "postgresql").split() == [versions[0], versions[-1]]


# Pages --------------------------------------------------------------------------------


@every_product
def test_the_readme_ends_with_the_range_of_each_product(product: str) -> None:
    last_line = (ROOT / "README.md").read_text().splitlines()[-1]
    versions = SUPPORTED[product]

    assert f"{product} {versions[0]} to {versions[-1]}" in last_line


@every_page
def test_a_page_that_states_a_range_states_that_of_the_matrix(page: Path) -> None:
    for product, first, last in RANGE.findall(page.read_text()):
        assert (first, last) == (SUPPORTED[product][0], SUPPORTED[product][-1]), product


@every_page
def test_a_page_that_states_a_lower_bound_states_the_oldest_version(page: Path) -> None:
    for product, version in LOWER_BOUND.findall(page.read_text()):
        assert version == SUPPORTED[product][0], product


def test_the_readme_and_the_quickstart_state_a_lower_bound() -> None:
    stating = {page.name for page in PAGES if LOWER_BOUND.search(page.read_text())}

    assert {"README.md", "quickstart.md"} <= stating


def output_of(*arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, *arguments], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return done.stdout


def pythons_of_nox(*arguments: str) -> list[str]:
    """Return the Python of each session that nox would run with ``arguments``."""
    sessions = json.loads(output_of("-m", "nox", *arguments, "--list-sessions", "--json"))
    return [session["python"] for session in sessions]


def as_numbers(version: str) -> list[int]:
    return [int(part) for part in version.split(".")]
