"""Ways to the test's database, for child processes and for parts of the engine."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, urlsplit

import pytest
from django.db import connection, connections
from django.utils import translation

from tests.support.emptying import empty
from tests.support.environment import Environment, environment_of
from tests.support.registry import forget_system_jobs
from tests.support.sessions import ROLE
from tests.support.sql import query

# pytest loads this file before Django is set up, so it must not import pgjobs.
if TYPE_CHECKING:
    from pgjobs import events
    from pgjobs.worker.connection import EngineConnection
    from tests.support.told_events import Told, ToldSoFar

LEFT_BY_A_FLUSH: Final = (
    "pgjobs_doorbell pgjobs_waiter pgjobs_round "
    "pgjobs_ends pgjobs_statistics pgjobs_failure_statistics "
    "procrastinate_jobs procrastinate_periodic_defers procrastinate_workers"
).split()


@pytest.fixture(autouse=True)
def no_language_stays() -> Iterator[None]:
    """Forget the language that Django's LocaleMiddleware chose for the test's last request."""
    yield
    translation.deactivate()


@pytest.fixture(autouse=True)
def no_started_job_stays() -> Iterator[None]:
    """Give up the locks of jobs that the test has started by ``start()`` and not terminated."""
    yield
    used = connections["default"]
    if used.__dict__.pop("pgjobs_started_here", None):
        del used.__dict__["pgjobs_run_here"]
        used.close()


@pytest.fixture
def empty_queue(transactional_db: None) -> None:
    """Empty the tables without a managed model, which a flush leaves alone."""
    empty(connection, LEFT_BY_A_FLUSH)


@pytest.fixture
def nothing_counted(db: None) -> None:
    """Empty the statistics: a flush leaves the counts of tests that committed."""
    for table in ("pgjobs_ends", "pgjobs_statistics", "pgjobs_failure_statistics"):
        query(f"DELETE FROM {table}")


@pytest.fixture
def child_environment(empty_queue: None) -> Environment:
    """The environment in which a child process sees this test's database.

    Start the child as `[sys.executable, "-m", "django", ...]`. It sees only committed rows, which
    is why the fixture asks for a transactional test.
    """
    url = urlsplit(os.environ["DATABASE_URL"])
    name = quote(str(connection.settings_dict["NAME"]), safe="")
    return environment_of(url._replace(path=f"/{name}").geturl())


@pytest.fixture
def open_connection(empty_queue: None) -> Iterator[Callable[..., EngineConnection]]:
    """Opens connections of the engine's kind, which see only committed rows."""
    from pgjobs.worker.connection import EngineConnection

    opened: list[EngineConnection] = []

    def open_one(settings: dict[str, str] | None = None) -> EngineConnection:
        opened.append(EngineConnection("default", "test", settings))
        return opened[-1]

    yield open_one
    for one in opened:
        one.close()


@pytest.fixture
def role(child_environment: Environment) -> Iterator[Environment]:
    """The environment of a worker whose role is bound by limits, unlike a superuser."""
    query(f"CREATE ROLE {ROLE} LOGIN PASSWORD 'secret'")
    for kind in ("TABLES", "SEQUENCES"):
        query(f"GRANT ALL ON ALL {kind} IN SCHEMA public TO {ROLE}")
    url = urlsplit(child_environment["DATABASE_URL"])
    place = url.netloc.rpartition("@")[2]
    url = url._replace(netloc=f"{ROLE}:secret@{place}")
    yield {**child_environment, "DATABASE_URL": url.geturl()}
    query(f"DROP OWNED BY {ROLE}")
    query(f"DROP ROLE {ROLE}")


@pytest.fixture
def no_system_jobs(monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty registry of system jobs, for this test alone."""
    forget_system_jobs(monkeypatch)


@pytest.fixture
def told() -> Iterator[ToldSoFar]:
    """Returns the events of a kind, with the given fields, that this process has told so far.

    They are told by the parts of the engine that the test runs in its own process.
    """
    from pgjobs import events
    from tests.support.told_events import matching, plain

    heard: list[Told] = []

    def told_so_far(kind: type[events.Event], **expected: Any) -> list[Told]:
        return matching(heard, kind, **expected)

    end = events.listen(events.Event, lambda event: heard.append(plain(event)))
    yield told_so_far
    end()
