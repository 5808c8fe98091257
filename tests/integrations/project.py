"""A project with settings and a database of its own, driven from outside."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

from tests.support.environment import ROOT, environment_of
from tests.support.fresh_database import fresh_database
from tests.support.worker_process import run_burst


class Project:
    """The project in the package `tests.integrations.<name>`, and a process that has loaded it.

    All its processes know ``directory`` as PROJECT_DIRECTORY.
    """

    def __init__(self, name: str, url: str, directory: Path) -> None:
        self.directory = directory
        self._package = f"tests.integrations.{name}"
        self.environment = {
            **environment_of(url, settings=f"{self._package}.settings"),
            "PROJECT_DIRECTORY": str(directory),
        }
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.integrations.serving"],
            env=self.environment,
            cwd=ROOT,
            text=True,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )

    def __enter__(self) -> Self:
        self._call("tests.integrations.steps.make_tables")
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate()  # it ends with its input

    def call(self, step: str, *arguments: Any) -> Any:
        """Call a function of the project's module ``steps``; return its answer.

        Arguments and answer are JSON.
        """
        return self._call(f"{self._package}.steps.{step}", *arguments)

    def jobs(self) -> list[tuple[str, str]]:
        """Return the name and the status of each job, in the order of their enqueueing."""
        return [(name, status) for name, status in self._call("tests.integrations.steps.jobs")]

    def work(self, *arguments: str) -> str:
        """Run a worker until its queues are empty; return its output."""
        return run_burst(self.environment, *arguments)

    def _call(self, path: str, *arguments: Any) -> Any:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print(json.dumps([path, arguments]), file=self._process.stdin, flush=True)
        answer = json.loads(self._process.stdout.readline())
        assert "error" not in answer, answer["error"]
        return answer["answer"]


@contextmanager
def project(name: str) -> Iterator[Project]:
    """The project ``name`` with new, empty tables."""
    with (
        fresh_database() as url,
        tempfile.TemporaryDirectory() as directory,
        Project(name, url, Path(directory)) as made,
    ):
        yield made
