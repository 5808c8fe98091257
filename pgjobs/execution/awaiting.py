"""Return values of ``run()`` that must be awaited, and those whose body would never run."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Coroutine
from types import AsyncGeneratorType, CoroutineType, GeneratorType
from typing import Any

from asgiref.sync import async_to_sync


def coroutine_in(result: Any) -> Coroutine[Any, Any, Any] | None:
    """Return the coroutine that ``result`` of ``run()`` must be awaited by, or None.

    Raises TypeError for a generator: pgjobs does not iterate over it, so its body would not run.
    """
    if isinstance(result, CoroutineType):
        return result
    if inspect.isawaitable(result):
        return _awaited(result)
    if isinstance(result, GeneratorType | AsyncGeneratorType):
        raise TypeError(
            f"run() returned a generator, {result.__qualname__}, whose body has not run. "
            "Iterate over it inside run()."
        )
    return None


def await_here(coroutine: Coroutine[Any, Any, Any]) -> Any:
    """Run ``coroutine`` to its end and return its result; this thread must have no event loop.

    Its calls of the ORM run in this thread: on its connections, and in its transaction.
    """
    run = _Run(coroutine)
    try:
        result, error = async_to_sync(run.to_its_end)()
    except BaseException:  # Ctrl-C in this thread, or there is an event loop
        run.cancel()
        raise
    if error is not None:
        raise error
    return result


class _Run:
    """One coroutine while it runs, on an event loop in another thread."""

    def __init__(self, coroutine: Coroutine[Any, Any, Any]) -> None:
        self._coroutine = coroutine
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[Any] | None = None

    async def to_its_end(self) -> tuple[Any, BaseException | None]:
        """Return the result and the exception: an exit must end the caller and not the loop."""
        self._loop, self._task = asyncio.get_running_loop(), asyncio.current_task()
        try:
            return await self._coroutine, None
        except BaseException as error:
            return None, error

    def cancel(self) -> None:
        if self._loop is None or self._task is None:
            self._coroutine.close()  # it has not begun
        else:
            self._loop.call_soon_threadsafe(self._task.cancel)


async def _awaited(awaitable: Awaitable[Any]) -> Any:
    return await awaitable
