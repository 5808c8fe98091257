"""A recorder, and jobs whose outcomes it can record."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

# pytest loads this file before Django is set up, so it must not import pgjobs.
if TYPE_CHECKING:
    from pgjobs.models import Job
    from tests.support.engine import OpenConnection
    from tests.support.recorder import Claim, RunningRecorder

SHORT_LOCK_TIMEOUT = {"lock_timeout": "'100ms'"}


@pytest.fixture
def running(open_connection: OpenConnection) -> Iterator[RunningRecorder]:
    from tests.support.recorder import RunningRecorder

    running = RunningRecorder(open_connection(SHORT_LOCK_TIMEOUT))
    yield running
    assert running.recorder.stop(10)


@pytest.fixture
def claim(open_connection: OpenConnection) -> Claim:
    """Enqueues this number of jobs and claims all that are ready."""
    from pgjobs.worker.claiming.claimer import Claimer
    from tests.apps.testapp.jobs import Noop
    from tests.support.rows import a_worker

    row = a_worker()
    claimer = Claimer(open_connection(), ("default",))

    def claim_some(number: int) -> list[Job]:
        Noop.enqueue_many({} for _ in range(number))
        claimer.look()
        return claimer.claim(limit=1000, worker=row.pk)

    return claim_some
