"""mypy and pyright find exactly the errors that the cases announce.

A line of a case that must be an error ends in ``# error:`` and a regular expression, which the
message of each checker matches. Every other line must be free of errors: `assert_type` holds the
types.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.environment import ROOT

CASES = Path(__file__).parent / "cases"
FILES = sorted(path for path in CASES.glob("*.py") if path.name != "__init__.py")

# A checker without a cache reads Django and all of pgjobs.
pytestmark = pytest.mark.timeout(600)

Errors = dict[tuple[str, int], list[str]]
"""Messages by the name of the file and the line."""


@pytest.mark.parametrize("checker", ["mypy", "pyright"])
def test_a_checker_finds_exactly_the_announced_errors(checker: str) -> None:
    found = mypy() if checker == "mypy" else pyright()

    announced = expected()
    assert announced
    surplus = {place: messages for place, messages in found.items() if place not in announced}
    missing = {
        place: (pattern, found.get(place))
        for place, pattern in announced.items()
        if not any(re.search(pattern, message) for message in found.get(place, []))
    }
    assert (surplus, missing) == ({}, {})


def expected() -> dict[tuple[str, int], str]:
    return {
        (path.name, number): pattern
        for path in FILES
        for number, line in enumerate(path.read_text().splitlines(), 1)
        for pattern in re.findall(r"# error: (.+)$", line)
    }


def mypy() -> Errors:
    arguments = ["-m", "mypy", "--strict", "--output=json", "--no-error-summary"]
    lines = output_of(*arguments, *map(str, FILES)).splitlines()
    return by_place(
        (each["file"], each["line"], each["message"])
        for each in map(json.loads, lines)
        if each["severity"] == "error"
    )


def pyright() -> Errors:
    arguments = ["-m", "pyright", "--project", str(CASES.parent), "--outputjson"]
    found = json.loads(output_of(*arguments, "--pythonpath", sys.executable))
    assert found["summary"]["filesAnalyzed"] == len(FILES) + 1, found["summary"]
    return by_place(
        (each["file"], each["range"]["start"]["line"] + 1, each["message"])
        for each in found["generalDiagnostics"]
        if each["severity"] == "error"
    )


def by_place(errors: Iterator[tuple[str, int, str]]) -> Errors:
    found = defaultdict(list)
    for file, line, message in errors:
        found[Path(file).name, line].append(message)
    return dict(found)


def output_of(*arguments: str) -> str:
    environment = {**os.environ, "PYRIGHT_PYTHON_IGNORE_WARNINGS": "1"}
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1, done.stdout + done.stderr  # errors were found
    return done.stdout
