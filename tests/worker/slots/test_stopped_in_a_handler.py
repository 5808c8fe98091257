"""A stop request that meets its job in a handler of the module ``logging`` stops the job."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator

import pytest

from pgjobs import BackgroundJob
from pgjobs.exceptions import JobCancelled
from pgjobs.models import Job
from pgjobs.rows.outcome import Outcome
from tests.support.engine import a_pool
from tests.support.eventually import eventually

pytestmark = pytest.mark.usefixtures("empty_queue")


class Logs(BackgroundJob):
    def run(self, to: str) -> str:
        logger = self.logger if to == "its own logger" else logging.getLogger("pgjobs.jobs")
        logger.info("some words")
        return "went on"


class SlowStream:
    """Takes a line until it is told to stop."""

    def __init__(self) -> None:
        self.is_busy = False

    def write(self, text: str) -> None:
        self.is_busy = True
        while True:
            time.sleep(0.01)


@pytest.fixture
def stream() -> Iterator[SlowStream]:
    """The stream of a handler of all jobs."""
    stream, logger = SlowStream(), logging.getLogger("pgjobs.jobs")
    handler, level = logging.StreamHandler(stream), logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    yield stream
    logger.removeHandler(handler)
    logger.setLevel(level)


@pytest.mark.parametrize("to", ["its own logger", "another logger"])
def test_a_job_that_is_cancelled_while_it_logs_is_cancelled(stream: SlowStream, to: str) -> None:
    outcomes: list[Outcome | None] = []
    pool = a_pool(outcomes)
    job = Job.objects.get(pk=Logs.enqueue(to=to).pk)
    pool.submit([job])
    pool.start()
    eventually(lambda: stream.is_busy)
    pool.request_stop(job, JobCancelled("The job was cancelled."))
    eventually(lambda: pool.in_hand == 0)
    pool.stop(10)
    assert [outcome and outcome.status for outcome in outcomes] == ["cancelled"]
