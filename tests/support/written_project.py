"""A project of its own in a directory, as a user writes one."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import dj_database_url
import psycopg

from tests.support.environment import ROOT
from tests.support.fresh_database import fresh_database
from tests.support.markdown import Block


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
        return self.run("manage.py", *arguments)

    @contextmanager
    def served(self, *arguments: str) -> Iterator[None]:
        """Run a command that goes on, until the block ends."""
        command = [sys.executable, "manage.py", *arguments]
        with subprocess.Popen(command, cwd=self._directory, env=self._environment) as process:
            try:
                yield
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
            # A server and a worker that go on: a test of their own follows them.
            case ["venv/bin/python", "manage.py", "runserver" | "createsuperuser", *_]:
                return ""
            case ["venv/bin/python", "manage.py", "pgjobs_worker"]:
                return ""
            case ["venv/bin/python", "manage.py", *arguments]:
                return self.manage(*arguments)
            case ["venv/bin/django-admin", *arguments]:
                return self.run("-m", "django", *arguments)
        assert "-m venv" in line or "pip install" in line, f"who does {line!r}?"
        return ""

    def run(self, *arguments: str) -> str:
        """Run Python with ``arguments``, which must succeed; return the output."""
        code, output = self.outcome(*arguments)
        assert code == 0, output
        return output

    def outcome(self, *arguments: str) -> tuple[int, str]:
        """Run Python with ``arguments``; return the exit code and the output."""
        done = subprocess.run(
            [sys.executable, *arguments],
            cwd=self._directory,
            env=self._environment,
            capture_output=True,
            text=True,
            check=False,
        )
        return done.returncode, done.stdout + done.stderr


@contextmanager
def a_project(directory: Path) -> Iterator[Project]:
    """Yield a project in ``directory``, on a database that is new."""
    with fresh_database() as url:
        database = urlsplit(url).path.removeprefix("/")
        try:
            yield Project(directory, address_of(url), database)
        finally:
            with closing(psycopg.connect(os.environ["DATABASE_URL"], autocommit=True)) as server:
                # Of a run that kept it.
                server.execute(f'DROP DATABASE IF EXISTS "test_{database}" WITH (FORCE)'.encode())


def address_of(server: str) -> dict[str, str]:
    """Return the server's address in the environment variables of libpq."""
    config = dict(dj_database_url.parse(server))
    names = {"PGHOST": "HOST", "PGPORT": "PORT", "PGUSER": "USER", "PGPASSWORD": "PASSWORD"}
    address = {name: str(config[key]) for name, key in names.items() if config.get(key)}
    ours = {"DATABASE_URL", "DJANGO_SETTINGS_MODULE", "PGJOBS"}
    kept = {name: value for name, value in os.environ.items() if name not in ours}
    return {**kept, **address, "PYTHONPATH": str(ROOT)}
