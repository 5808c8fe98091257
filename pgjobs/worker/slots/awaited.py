"""The coroutine of a job: it runs with its own thread for synchronous calls, and can be stopped."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Coroutine
from typing import Any

from pgjobs.execution.forks import end_if_forked
from pgjobs.execution.runner import Runner
from pgjobs.worker.leftovers import OwnThread
from pgjobs.worker.slots.own_executor import OwnExecutor


async def awaited(coroutine: Coroutine[Any, Any, Any], runner: Runner) -> Any:
    """Return the result of ``coroutine``. Raises the stop request of ``runner`` if it is cancelled.

    The caller cancels the current task to stop it.
    """
    try:
        if runner.stop_request is not None:  # it came before the coroutine has begun
            coroutine.close()
            raise runner.stop_request
        with OwnExecutor():
            return await _in_own_thread(coroutine)
    except asyncio.CancelledError:
        if runner.stop_request is None:
            raise RuntimeError("The coroutine was cancelled from inside.") from None
        raise runner.stop_request from None


async def _in_own_thread(coroutine: Coroutine[Any, Any, Any]) -> Any:
    """Return the result of ``coroutine``; in a process that it has forked, end the process."""
    process, thread = os.getpid(), OwnThread()
    thread.enter()
    try:
        result = await coroutine
    except BaseException as error:
        end_if_forked(process, error)
        if thread.is_used:
            await thread.__aexit__(type(error), error, error.__traceback__)
        raise
    end_if_forked(process)
    if thread.is_used:
        await thread.__aexit__(None, None, None)
    return result
