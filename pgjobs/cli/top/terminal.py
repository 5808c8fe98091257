"""Keeping log lines off the terminal while the screen is on it."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from pgjobs.cli.output import is_terminal


@contextmanager
def quiet_handlers() -> Iterator[None]:
    """Let no handler of ``logging`` write to a terminal, where its lines would tear the screen.

    Handlers that write elsewhere go on.
    """
    with ExitStack() as stack:
        for handler in _all_handlers():
            if isinstance(handler, logging.StreamHandler) and is_terminal(handler.stream):
                before = handler.setStream(io.StringIO())
                stack.callback(handler.setStream, before)
        yield


def _all_handlers() -> set[logging.Handler]:
    loggers: list[Any] = [logging.root, *logging.root.manager.loggerDict.values()]
    return {each for logger in loggers for each in getattr(logger, "handlers", ())}
