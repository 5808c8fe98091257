"""The benchmark's suite runs each of its cases; CI runs them for real, at a tiny size."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from benchmarks import suite
from benchmarks.peers.peer import Peer
from benchmarks.peers.postgres import Postgres
from benchmarks.peers.python import Python
from benchmarks.size import TINY, Size
from example_project.postgres import binaries
from tests.support.environment import ROOT

BENCHMARKS = ROOT / "benchmarks"
MEASURING = [
    *("control", "cost", "counting", "draining", "enqueueing", "floor", "latency", "looking"),
    "scaling",
]
WITH_PUBLISHED_FIGURES = f"""
import json, pathlib, sys
from benchmarks import __main__ as command
published = json.loads(pathlib.Path({str(BENCHMARKS / "results" / "results.json")!r}).read_text())
command._measure = lambda *_: published["figures"]
sys.exit(command.main())
"""


class Noting(suite.Suite):
    """Notes each case in place of running it."""

    ran: Counter[tuple[str, str]]

    def cases(self) -> dict[str, suite.Cases]:
        self.ran = Counter()
        return {
            section: {name: partial(self._note, section, name) for name in cases}
            for section, cases in super().cases().items()
        }

    def _note(self, section: str, name: str) -> suite.Figures:
        self.ran[section, name] += 1
        return {name: 1.0}


class FakePeer(Peer):
    def missing(self) -> str | None:
        return "its broker is not installed" if self.name == "missing" else None

    def drain(self, jobs: int, server_url: str, scratch: Path) -> float:
        if self.name == "failing":
            raise RuntimeError("It did nothing.")
        return 1000.0


def peer(name: str) -> Peer:
    return FakePeer(
        name=name,
        settings="",
        pace=1,
        program=Python("app", (), ""),
        store=Postgres(left="", done=""),
    )


@pytest.fixture
def noting(tmp_path: Path) -> Callable[..., Noting]:
    def make(size: Size = TINY, *, strict: bool = True) -> Noting:
        return Noting(size, "", tmp_path, strict=strict)

    return make


def test_a_run_with_one_round_runs_each_case_once(noting: Callable[..., Noting]) -> None:
    tiny = noting()
    listed = [(section, name) for section, cases in tiny.cases().items() for name in cases]
    figures = tiny.run([])
    assert tiny.ran == Counter(listed)
    assert all(name in figures[section] for section, name in listed)


def test_a_run_with_three_rounds_runs_each_drain_three_times(
    noting: Callable[..., Noting],
) -> None:
    longer = noting(replace(TINY, rounds=3))
    longer.run([])
    assert {count for (section, _), count in longer.ran.items() if section == "drain"} == {3}
    assert {count for (section, _), count in longer.ran.items() if section != "drain"} == {1}


@pytest.mark.parametrize("module", MEASURING)
def test_a_function_that_measures_belongs_to_a_case(module: str) -> None:
    tree = ast.parse((BENCHMARKS / f"{module}.py").read_text())
    functions = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
    called = {
        node.attr
        for node in ast.walk(ast.parse((BENCHMARKS / "suite.py").read_text()))
        if isinstance(node, ast.Attribute) and ast.unparse(node.value) == module
    }
    assert {name for name in functions if not name.startswith("_")} <= called


def test_a_peer_that_is_missing_is_left_out_with_its_reason(
    noting: Callable[..., Noting], capsys: pytest.CaptureFixture[str]
) -> None:
    figures = noting().run([peer("missing"), peer("present")])
    assert "per_second" not in figures["peers"]["missing"]
    assert figures["peers"]["present"]["per_second"] == 1000.0
    assert "peer: missing: left out, its broker is not installed" in capsys.readouterr().err


def test_a_peer_that_fails_ends_a_strict_run_and_is_named(noting: Callable[..., Noting]) -> None:
    with pytest.raises(RuntimeError, match="It did nothing") as raised:
        noting().run([peer("failing")])
    assert "'peer: failing'" in raised.value.__notes__[0]


def test_a_peer_that_fails_costs_another_run_only_its_own_figure(
    noting: Callable[..., Noting],
) -> None:
    figures = noting(strict=False).run([peer("failing"), peer("present")])
    assert figures["peers"]["failing"]["missing"] == "RuntimeError: It did nothing."
    assert figures["peers"]["present"]["per_second"] == 1000.0


@pytest.fixture
def binaries_without_pgbench(tmp_path: Path) -> Path:
    directory = tmp_path / "bin"
    directory.mkdir()
    for program in binaries().iterdir():
        if program.name != "pgbench":
            (directory / program.name).symlink_to(program)
    return directory


@pytest.fixture
def empty_directory(tmp_path: Path) -> Path:
    directory = tmp_path / "empty"
    directory.mkdir()
    return directory


def run(directory: Path, *command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *command, "--tiny", "--no-peers"],
        cwd=directory,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )


def test_a_tiny_run_in_which_a_case_fails_exits_with_one_and_names_the_case(
    empty_directory: Path, binaries_without_pgbench: Path
) -> None:
    done = run(empty_directory, "-m", "benchmarks", PGJOBS_PG_BIN=str(binaries_without_pgbench))
    assert done.returncode == 1, done.stdout + done.stderr
    assert "the case 'drain: floor'" in done.stderr


def test_a_tiny_run_makes_the_report_and_leaves_no_file(empty_directory: Path) -> None:
    done = run(empty_directory, "-c", WITH_PUBLISHED_FIGURES)
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith("Every case ran.\n")
    assert list(empty_directory.iterdir()) == []
