"""Gives each coroutine job its own executor, in the place of the default one of its event loop.

`asyncio.to_thread()` and the look-up of a host's name use the default executor of the loop, which
has few threads. If the jobs of a worker shared it, a few calls that one job has left behind, and
that do not return, would hold up such calls of all jobs. A job that shuts it down would end them
for good.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from contextvars import ContextVar
from typing import Any


class OwnExecutor:
    """The executor of one coroutine and of the tasks that it starts, made at the first use."""

    __slots__ = ("_given", "_made")

    def __init__(self) -> None:
        self._made: Executor | None = None
        self._given: Executor | None = None

    def __enter__(self) -> None:
        _own.set(self)  # in the context of the coroutine, which ends with it

    def __exit__(self, *_: object) -> None:
        """Let the threads end, without waiting for calls that may never return.

        An executor that the coroutine has set may be one of the project, which the next job needs.
        """
        if self._made is not None:
            self._made.shutdown(wait=False, cancel_futures=True)

    def get(self) -> Executor:
        if self._given is not None:
            return self._given
        if self._made is None:
            self._made = ThreadPoolExecutor(thread_name_prefix="pgjobs-coroutine")
        return self._made

    def set(self, executor: Executor) -> None:
        self._given = executor

    async def shut_down(self, timeout: float | None) -> None:
        """Take no more calls, and wait for the present calls, at most ``timeout`` seconds."""
        if (executor := self._given or self._made) is not None:
            waiting = ThreadPoolExecutor(1, "pgjobs-coroutine-ends")
            ended = asyncio.get_running_loop().run_in_executor(waiting, executor.shutdown)
            waiting.shutdown(wait=False)
            await asyncio.wait([ended], timeout=timeout)


_own: ContextVar[OwnExecutor | None] = ContextVar("pgjobs_own_executor", default=None)


def let_jobs_have_their_own(loop: asyncio.AbstractEventLoop) -> None:
    """Let ``loop`` use the executor of the running job where it would use its default one."""
    run, set_default, shut_down = (
        loop.run_in_executor,
        loop.set_default_executor,
        loop.shutdown_default_executor,
    )

    def run_in_executor(executor: Executor | None, func: Callable[..., Any], *args: Any) -> Any:
        if executor is None and (own := _own.get()) is not None:
            executor = own.get()
        return run(executor, func, *args)

    def set_default_executor(executor: Any) -> None:
        if (own := _own.get()) is None:
            set_default(executor)
        else:
            own.set(executor)

    async def shutdown_default_executor(timeout: float | None = None) -> None:
        if (own := _own.get()) is not None:
            await own.shut_down(timeout)
        else:
            await (shut_down() if timeout is None else shut_down(timeout))  # type: ignore[call-arg]

    # On the instance: the policy of the project chooses the class.
    vars(loop).update(
        run_in_executor=run_in_executor,
        set_default_executor=set_default_executor,
        shutdown_default_executor=shutdown_default_executor,
    )
