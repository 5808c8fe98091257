"""The end of RQ's ``Job``: its result, or the traceback of its failure."""

from __future__ import annotations

from typing import Any

from pgjobs import codec
from pgjobs.compat.rq.rows import of_kind, rows
from pgjobs.compat.rq.statuses import FAILED


class HasEnd:
    """The result and the error of a job. Each reads the row again until the job has ended."""

    __slots__ = ()

    row: Any

    def return_value(self, refresh: bool = False) -> Any:
        """Return the result of the function; None before its end, and without a result."""
        row = self._ended(refresh)
        return None if row.result is None else codec.decode(row.result, "result")

    @property
    def result(self) -> Any:
        return self.return_value()

    @property
    def exc_info(self) -> str | None:
        """The traceback of a failed job, or its error without an exception; None for others."""
        row = self._ended()
        if row.status not in FAILED:
            return None
        return _traceback(of_kind(list, row.errors), row.attempt) or str(row.error)

    def _ended(self, refresh: bool = False) -> Any:
        """Return the row, which is read again unless it was read after the end of the job."""
        if refresh or not self.row.is_finished:
            self.row = rows().filter(pk=self.row.pk).first() or self.row
        return self.row


def _traceback(errors: list[Any], attempt: int) -> str:
    """Return the traceback of the ``attempt`` that failed last; "" if it had no exception."""
    last = of_kind(dict, errors[-1] if errors else None)
    return str(last.get("traceback") or "") if last.get("attempt") == attempt else ""
