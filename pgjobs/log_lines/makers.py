"""What the module ``logging`` makes loggers and records with, put back after a job has spoiled it.

A job may leave a factory of records or a class of loggers of its own behind, for its whole process.
If that raises, no later job could log, and the worker would say nothing.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from pgjobs import events

_NAME: Final = "pgjobs.probe"


@dataclass(slots=True)
class _Maker:
    """One of the two, and how it is asked for, tried and put back."""

    get: Callable[[], Any]
    put: Callable[[Any], None]
    make: Callable[[Any], object]
    kind: type
    sound: Any

    def mend(self) -> bool:
        """Put back what was there before the first job if the present one makes nothing."""
        present = self.get()
        error = self._error_of(present)
        if error is None:
            return False
        self.put(self.kind if self._error_of(self.sound) else self.sound)
        events.tell(events.LoggingMended(present, error))
        return True

    def _error_of(self, maker: Any) -> Exception | None:
        try:
            made = self.make(maker)
        except Exception as error:
            return error
        return None if isinstance(made, self.kind) else TypeError(f"it made {type(made).__name__}")


_RECORDS: Final = _Maker(
    logging.getLogRecordFactory,
    logging.setLogRecordFactory,
    lambda maker: maker(_NAME, logging.INFO, __file__, 0, "", (), None),
    logging.LogRecord,
    logging.LogRecord,
)
_LOGGERS: Final = _Maker(
    logging.getLoggerClass,
    logging.setLoggerClass,
    lambda maker: maker(_NAME),
    logging.Logger,
    logging.Logger,
)


def remember_makers() -> None:
    """Take what makes loggers and records now for sound."""
    for maker in (_RECORDS, _LOGGERS):
        maker.sound = maker.get()


def are_mended() -> bool:
    """Put back what makes no logger or no record any more; return whether anything was."""
    return _RECORDS.mend() | _LOGGERS.mend()
