"""The threads of the engine, without any of which a worker does not work."""

from __future__ import annotations

import threading
import traceback
from collections.abc import Callable
from typing import Any, ClassVar


class EngineThread(threading.Thread):
    """A daemon thread that can end its process if it is lost by an exception.

    The threads that a job starts are none of these, whatever their names.
    """

    at_loss: ClassVar[Callable[[], object] | None] = None
    """Called in a thread that an exception ends, after the exception was shown."""

    def __init__(
        self, name: str, target: Callable[..., object], args: tuple[Any, ...] = ()
    ) -> None:
        threading.excepthook = _hook()  # while it is None, Python makes no thread
        super().__init__(target=target, name=name, args=args, daemon=True)

    def run(self) -> None:
        try:
            super().run()
        except BaseException as error:
            if (at_loss := EngineThread.at_loss) is None:
                raise
            try:
                self._show(error)
            finally:
                at_loss()

    def _show(self, error: BaseException) -> None:
        if isinstance(error, SystemExit):  # the hook would say nothing
            traceback.print_exception(error)
        else:
            _hook()(threading.ExceptHookArgs((type(error), error, error.__traceback__, self)))


def _hook() -> Any:
    """Return the hook for exceptions in threads; a job may have set it to None."""
    hook: Any = threading.excepthook
    return hook or threading.__excepthook__
