"""Lets a stop request pass through the handlers of the module ``logging``.

A handler catches each exception and hands it to ``handleError()``. A job that logs much is in a
handler most of the time. If the handler kept its stop request, the job would go on, and after
``KILL_GRACE`` its whole process would be ended.
"""

from __future__ import annotations

import logging
import sys

from pgjobs.exceptions import JobInterrupted


def let_stop_requests_pass() -> None:
    """Let ``handleError()`` raise stop requests, in whatever logger and handler they come."""
    tell = logging.Handler.handleError

    def handle_error(self: logging.Handler, record: logging.LogRecord) -> None:
        error = sys.exception()
        if isinstance(error, JobInterrupted):
            raise error
        tell(self, record)

    if not hasattr(tell, "passes_stop_requests"):
        handle_error.passes_stop_requests = True  # type: ignore[attr-defined]
        logging.Handler.handleError = handle_error  # type: ignore[method-assign]
