"""Fixtures for pytest. Load them in the ``conftest.py`` at the root of the tests:

    pytest_plugins = ["pgjobs.testing.fixtures"]

They are no entry point of pgjobs, because pytest would then import pgjobs in each run of each
project beside which it is installed. This module imports no model, so that pytest may load it
before Django is set up.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any, Final

import pytest
from django.conf import settings
from django.test import override_settings

from pgjobs import testing

_WORKERS: Final[list[testing.LiveWorker]] = []
"""The workers of the fixture `live_worker` in the test that runs."""


@pytest.fixture
def inline_jobs() -> Iterator[None]:
    """Let ``enqueue()`` run each job that is due at once."""
    with override_settings(PGJOBS={**getattr(settings, "PGJOBS", {}), "MODE": "inline"}):
        yield


@pytest.fixture
def time_travel(db: None) -> Iterator[Callable[..., testing.Travel]]:
    """A function that travels until the end of the test; see ``pgjobs.testing.time_travel``."""
    with ExitStack() as stack:
        yield lambda to: stack.enter_context(testing.time_travel(to))


@pytest.fixture
def live_worker(transactional_db: None) -> Iterator[Callable[..., testing.LiveWorker]]:
    """A function that starts a worker until the end of the test; see ``pgjobs.testing``."""
    with ExitStack() as stack:
        stack.callback(_WORKERS.clear)

        def start(**options: Any) -> testing.LiveWorker:
            worker = stack.enter_context(testing.live_worker(**options))
            _WORKERS.append(worker)
            return worker

        yield start


def pytest_keyboard_interrupt() -> None:
    """Let the end of the fixtures wait for no job after Ctrl-C."""
    for worker in _WORKERS:
        worker.leave_jobs()
