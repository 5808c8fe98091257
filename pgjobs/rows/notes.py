"""The notes of a running job: lines for its log, and its progress."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from pgjobs.log_lines.makers import are_mended
from pgjobs.rows.text import kept


@dataclass(frozen=True, slots=True, kw_only=True)
class LogLine:
    """One line of a job's log; ``at`` is a reading of ``time.monotonic()``."""

    job_id: int
    attempt: int
    level: str
    message: str
    at: float = field(default_factory=time.monotonic)


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far one epoch of a job has come."""

    job_id: int
    epoch: int
    done: float
    total: float | None
    message: str

    @classmethod
    def of(
        cls, job_id: int, epoch: int, done: float, total: float | None, message: str
    ) -> Progress:
        """Return a progress. Raises ValueError for a number that JSON does not have.

        This is called inside ``run()``, so the traceback shows the line that gave the number.
        """
        return cls(
            job_id=job_id,
            epoch=epoch,
            done=_number(done),
            total=None if total is None else _number(total),
            message=kept(str(message)),
        )


def _number(value: float) -> float:
    if not math.isfinite(value):
        raise ValueError(f"progress can't be {value!r}.")
    return value if isinstance(value, int) else float(value)


Note = LogLine | Progress
Sink = Callable[[Note], None]


class JobLogHandler(logging.Handler):
    """Hands each record to one job, formatted, with its traceback where it has one.

    It hangs on a logger that belongs to a single run, so lines of two jobs of
    the same class never mix, and nothing has to be detached afterwards.
    """

    def __init__(self, log: Callable[[logging.LogRecord], None]) -> None:
        super().__init__()
        self._log = log

    def emit(self, record: logging.LogRecord) -> None:
        try:
            self._log(record)
        except Exception:
            self.handleError(record)


def message_of(record: logging.LogRecord) -> str:
    """Return the text of ``record``, arguments filled in, exception and stack below it."""
    return kept(_FORMATTER.format(record))


def logger_for_run(name: str, log: Callable[[logging.LogRecord], None]) -> logging.Logger:
    """Return a logger of its own that also passes records on to ``name`` and its parents."""
    return _RunLogger(name, logging.DEBUG, log)


class _RunLogger(logging.Logger):
    """The logger of one run. It is not registered with the module ``logging``: it dies with it."""

    def __init__(
        self,
        name: str,
        level: int,
        log: Callable[[logging.LogRecord], None],
        above: logging.Logger | None = None,
    ) -> None:
        super().__init__(name, level)
        self.parent = _registered(name)
        self.addHandler(JobLogHandler(log))
        self._log_of_job = log
        self._above = above
        self._children: dict[str, _RunLogger] = {}

    def getChild(self, suffix: str) -> _RunLogger:
        """Return a logger that writes to the log of the job, and to the child of the same name."""
        if suffix not in self._children:
            name = f"{self.name}.{suffix}"
            self._children[suffix] = _RunLogger(name, logging.NOTSET, self._log_of_job, above=self)
        return self._children[suffix]

    def getEffectiveLevel(self) -> int:
        if self.level or self._above is None:
            return super().getEffectiveLevel()
        return self._above.getEffectiveLevel()

    def isEnabledFor(self, level: int) -> bool:
        # Not cached: setLevel() would empty the caches of registered loggers only.
        if self.disabled or self.manager.disable >= level:
            return False
        return level >= self.getEffectiveLevel()

    def makeRecord(self, *args: Any, **named: Any) -> logging.LogRecord:
        try:
            record: Any = super().makeRecord(*args, **named)
            if isinstance(record, logging.LogRecord):
                return record
        except Exception:
            if not are_mended():
                raise
        else:
            are_mended()
        return super().makeRecord(*args, **named)


def _registered(name: str) -> logging.Logger:
    try:
        return logging.getLogger(name)
    except Exception:
        if not are_mended():
            raise
        return logging.getLogger(name)


_FORMATTER = logging.Formatter("%(message)s")
