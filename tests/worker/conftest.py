"""Ways to the test's database that the engine takes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest
from django.db import connection

# This file is loaded before Django is set up, so nothing of pgjobs may be imported yet.
if TYPE_CHECKING:
    from pgjobs.worker.connection import EngineConnection


@pytest.fixture
def empty_queue(transactional_db: None) -> None:
    """Empty what a flush leaves alone: tables without a managed model."""
    connection.cursor().execute(
        "TRUNCATE pgjobs_doorbell, procrastinate_jobs, procrastinate_periodic_defers, "
        "procrastinate_workers CASCADE"
    )


@pytest.fixture
def child_environment(empty_queue: None, child_environment: dict[str, str]) -> dict[str, str]:
    return child_environment


@pytest.fixture
def open_connection(empty_queue: None) -> Iterator[Callable[..., EngineConnection]]:
    """Opens connections of the engine's kind; they see only what is committed."""
    from pgjobs.worker.connection import EngineConnection

    opened: list[EngineConnection] = []

    def open_one(settings: dict[str, str] | None = None) -> EngineConnection:
        opened.append(EngineConnection("default", "test", settings))
        return opened[-1]

    yield open_one
    for one in opened:
        one.close()
