"""A caller that waits for a job although no bell can ring for it."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.db import connection

from pgjobs.models import Job
from tests.support.rows import a_job
from tests.support.sql import ask, query

pytestmark = pytest.mark.usefixtures("empty_queue")

END = "UPDATE pgjobs_job SET status = 'completed', started = now(), completed = now() WHERE id = %s"


@pytest.fixture
def older_schema() -> Iterator[None]:
    """A schema without the table of callers, as new code may find it before a migration."""
    query("ALTER TABLE pgjobs_waiter RENAME TO not_yet")
    yield
    query("ALTER TABLE not_yet RENAME TO pgjobs_waiter")


@pytest.fixture
def narrow_role(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A role that may see jobs and no more."""
    role = f"only_looks_{os.getpid()}"  # roles belong to the server, which other tests share
    query(f"CREATE ROLE {role}; GRANT SELECT ON pgjobs_job TO {role}")
    with monkeypatch.context() as patch:
        patch.setitem(connection.settings_dict["OPTIONS"], "assume_role", role)
        yield
    query(f"DROP OWNED BY {role}; DROP ROLE {role}")


@pytest.fixture
def read_only(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Sessions that only read, as those of a role for reports, or of a standby."""
    options = connection.settings_dict["OPTIONS"].get("options", "")
    with monkeypatch.context() as patch:
        patch.setitem(
            connection.settings_dict["OPTIONS"],
            "options",
            f"{options} -c default_transaction_read_only=on",
        )
        yield


def wait(job: Job) -> Job:
    return job.wait(timeout=60)


@async_to_sync
async def await_it(job: Job) -> Job:
    return await job.await_(timeout=60)


@pytest.mark.parametrize("obstacle", ["older_schema", "narrow_role", "read_only"])
@pytest.mark.parametrize("waiting", [wait, await_it])
def test_a_caller_without_a_bell_sees_the_end_of_its_job(
    request: pytest.FixtureRequest, child_environment: dict[str, str], obstacle: str, waiting: Any
) -> None:
    job = a_job()
    request.getfixturevalue(obstacle)
    ending = threading.Timer(0.3, ask, [child_environment["DATABASE_URL"], END, job.pk])
    ending.start()
    try:
        assert waiting(job).status == "completed"
    finally:
        ending.join()
