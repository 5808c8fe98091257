"""A procrastinate worker of pgjobs ends when it is told to, at any moment."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import transaction
from procrastinate.contrib.django import app

from pgjobs.clock import procrastinate_thread
from pgjobs.clock.procrastinate_thread import ProcrastinateThread
from tests.support.elsewhere import is_waited_for
from tests.support.eventually import eventually
from tests.support.sql import query, task_status

pytestmark = pytest.mark.usefixtures("empty_queue")

TASK = QUEUE = "held"
SOON = 8.0


@pytest.fixture
def thread() -> Iterator[ProcrastinateThread]:
    thread = ProcrastinateThread("test", [QUEUE])
    yield thread
    thread.drain()
    thread.stop(SOON)


def has_ended(thread: ProcrastinateThread) -> bool:
    thread.stop(SOON)
    return not thread.is_alive()


def drain_after(turns: int, thread: ProcrastinateThread) -> None:
    """Drain ``thread`` after this number of turns of its event loop."""
    assert thread._loop is not None
    if turns:
        thread._loop.call_soon_threadsafe(drain_after, turns - 1, thread)
    else:
        thread.drain()


@pytest.mark.parametrize("turns", [3, 5, 10, 20])
def test_a_thread_told_to_end_while_its_pool_is_being_filled_ends(
    thread: ProcrastinateThread, turns: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    has_session = procrastinate_thread._has_session

    def then_drain(alias: str) -> bool:
        answer = has_session(alias)
        drain_after(turns, thread)
        return answer

    monkeypatch.setattr(procrastinate_thread, "_has_session", then_drain)
    thread.start()
    assert has_ended(thread)


@pytest.mark.parametrize("turns", [0, 1, 2])
def test_a_thread_told_to_end_at_the_moment_its_pool_has_been_filled_ends(
    thread: ProcrastinateThread, turns: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_up = procrastinate_thread._set_up

    async def then_drain(alias: str, connection: Any) -> None:
        await set_up(alias, connection)
        if not thread._stopping.is_set():  # only by its first connection
            drain_after(turns, thread)

    monkeypatch.setattr(procrastinate_thread, "_set_up", then_drain)
    thread.start()
    assert has_ended(thread)


def test_a_thread_told_to_end_while_it_waits_for_a_lock_to_register_ends(
    thread: ProcrastinateThread,
) -> None:
    with transaction.atomic():
        query("LOCK TABLE procrastinate_workers")
        thread.start()
        eventually(is_waited_for)
        thread.drain()
        assert has_ended(thread)


@pytest.fixture
def released() -> Iterator[threading.Event]:
    """An event that ends the running task. The task is a coroutine, because only a coroutine can be
    aborted."""
    released = threading.Event()

    async def held() -> None:
        while not released.is_set():
            await asyncio.sleep(0.02)

    app.task(name=TASK, queue=QUEUE)(held)
    yield released
    released.set()
    del app.tasks[TASK]


def test_a_running_task_may_end_however_often_its_thread_is_told_to_end(
    thread: ProcrastinateThread, released: threading.Event
) -> None:
    task = app.configure_task(TASK).defer()
    thread.start()
    eventually(lambda: task_status(task) == "doing")
    for _ in range(3):
        thread.drain()
        thread.stop(0.2)
    assert thread.is_alive()
    assert task_status(task) == "doing"
    released.set()
    assert has_ended(thread)
    assert task_status(task) == "succeeded"
