"""One log line: how an event becomes a record of the module ``logging``."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from operator import attrgetter
from string import Formatter
from typing import Any, NamedTuple

from pgjobs.error_texts import has_rows, said_by, traceback_of
from pgjobs.log_lines.makers import are_mended
from pgjobs.showing import brief


class Line(NamedTuple):
    """The log line of one kind of event."""

    logger: logging.Logger
    level: int
    text: str
    """The message, with a ``%`` placeholder for each of its arguments."""
    arguments: Callable[[Any], tuple[object, ...]]
    """Takes the arguments of the message from an event."""
    has_traceback: bool = False
    """Whether the traceback of ``event.error`` follows the message."""

    def write(self, event: Any) -> None:
        """Log ``event``. Nothing is formatted, not even an argument taken, if the level is off."""
        if self.logger.isEnabledFor(self.level):
            try:
                self._write(event)
            except Exception:
                if not are_mended():
                    raise
                self._write(event)

    def _write(self, event: Any) -> None:
        error = event.error if self.has_traceback else None
        arguments = map(_on_one_line, self.arguments(event))
        if error is not None and (text := _own_traceback(event)):
            self._write_with(text, tuple(arguments), error)
        else:
            self.logger.log(self.level, self.text, *arguments, exc_info=error)

    def _write_with(self, text: str, arguments: tuple[object, ...], error: BaseException) -> None:
        """Log a line with ``text`` for the traceback.

        If the error repeats a row, handlers do not get it: they could mail it.
        """
        trace = None if has_rows(error) else (type(error), error, error.__traceback__)
        name, level = self.logger.name, self.level
        record = self.logger.makeRecord(name, level, __file__, 0, self.text, arguments, trace)
        record.exc_text = text.rstrip("\n")
        self.logger.handle(record)


def _own_traceback(event: Any) -> str:
    """Return the traceback that the module ``logging`` must not write itself; empty if it may.

    That of the event is cut, because the whole one is too long. Another one would repeat a row.
    """
    try:
        cut: str = getattr(event, "cut_traceback", "")
        return cut or ("".join(traceback_of(event.error)) if has_rows(event.error) else "")
    except Exception:  # the error is broken, and `logging` bears that
        return ""


def _on_one_line(value: object) -> object:
    """Return ``value`` with its control characters escaped if it is a text or an exception.

    Names come from rows and options, and errors of PostgreSQL repeat values of rows. A newline in
    them could forge a line, and an escape sequence could steer a terminal.
    """
    if not isinstance(value, str | BaseException):
        return value
    try:
        text = said_by(value) if isinstance(value, BaseException) else value
        return text if text.isprintable() else repr(text)[1:-1]
    except Exception:
        return brief(value)


def line(logger: logging.Logger, level: int, template: str, *, has_traceback: bool = False) -> Line:
    """Return the line of a ``template`` that names attributes of the event: ``"job={job.id}"``.

    The template becomes a text with ``%`` placeholders, because the logging module formats these
    only for a record that a handler writes, and log aggregators group lines by them.
    """
    text, names = "", []
    for literal, name, form, conversion in Formatter().parse(template):
        text += literal
        if name is not None:
            names.append(name)
            text += f"%{form or conversion or 's'}"
    return Line(logger, level, text, _getter(names), has_traceback)


def _getter(names: list[str]) -> Callable[[Any], tuple[object, ...]]:
    if len(names) > 1:
        return attrgetter(*names)
    return lambda event: tuple(attrgetter(name)(event) for name in names)


def shortened(jobs: Sequence[int]) -> str:
    """Return the first ids of ``jobs``, as the log names them."""
    shown = ", ".join(f"job={job}" for job in jobs[:10])
    return shown if len(jobs) <= 10 else f"{shown}, …"
