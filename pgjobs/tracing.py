"""Spans around the sending and the running of jobs, for the tracers that a project installs.

pgjobs itself has no tracer: `pgjobs.otel` and `pgjobs.sentry` install theirs. Without a tracer the
hot path costs one look at ``tracers``.

An exception of a tracer is told as `TracerFailed`, and changes nothing for the job.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Any, Final, Protocol, TypeVar

from pgjobs import codec, events

T = TypeVar("T")
J = TypeVar("J")
Row = dict[str, Any]
"""The values of a new row's columns."""
Ids = list[int]

SHARED: Final = "shared_trace"
"""The key in ``meta`` of jobs that were enqueued by one call of ``enqueue_many()``."""


class Tracer(Protocol):
    """Makes the spans of one system of traces.

    pgjobs gives the value of ``begin_…()`` to ``end_…()``, in the same thread and context.
    """

    def begin_sending(self, row: Row) -> Any:
        """Begin the span of sending ``row``, and put its trace headers into ``row["meta"]``."""
        ...

    def end_sending(self, span: Any, sent: Sent | BaseException) -> None:
        """End the span; ``sent`` is the exception if one ended the call."""
        ...

    def begin_run(self, job: Any) -> Any:
        """Begin the span of one attempt of ``job``."""
        ...

    def end_run(self, span: Any, job: Any, outcome: Any) -> None:
        """End the span; ``outcome`` is None if ``job.terminate()`` has recorded the outcome."""
        ...

    def flush(self, seconds: float) -> None:
        """Export the ended spans within ``seconds``: the process ends without ``atexit``."""
        ...


@dataclass(frozen=True, slots=True)
class Sent:
    """The result of a call that enqueues."""

    id: int | None = None
    """The job of a call that enqueues one."""
    existed: bool = False
    """Whether ``enqueue_once()`` found this job, so it was enqueued by an earlier call."""
    count: int | None = None
    """The number of jobs of ``enqueue_many()``."""


tracers: tuple[Tracer, ...] = ()
"""The installed tracers, in the order in which their spans enclose each other."""

Spans = list[tuple[Tracer, Any]]


def install(tracer: Tracer) -> Callable[[], None]:
    """Let ``tracer`` make spans from now on; return a function that ends this."""
    global tracers
    tracers = (*tracers, tracer)

    def uninstall() -> None:
        global tracers
        tracers = tuple(each for each in tracers if each is not tracer)

    return uninstall


def send(row: Row, insert: Callable[[Row], tuple[J, bool]]) -> tuple[J, bool]:
    """Return ``insert(row)`` inside a span of each tracer.

    It inserts one job, and returns the job and whether it is new: ``enqueue_once()`` may find one.
    """
    if not tracers:
        return insert(row)
    return _inside_spans(row, insert, _one)


def send_many(first: Row, others: Iterator[Row], insert: Callable[[Iterator[Row]], Ids]) -> Ids:
    """Return ``insert()`` of all rows, which returns their ids, inside a span of each tracer.

    All rows share the headers of the ``first``.
    """
    if not tracers:
        return insert(chain((first,), others))
    first["meta"] = {**(first["meta"] or {}), SHARED: True}
    return _inside_spans(first, lambda first: insert(_with_meta_of(first, others)), _many)


def begin_run(job: Any) -> Spans:
    """Begin the spans of one attempt of ``job`` in the current context."""
    return _begin(lambda tracer: tracer.begin_run(job))


def end_run(spans: Spans, job: Any, outcome: Any) -> None:
    _end(spans, lambda tracer, span: tracer.end_run(span, job, outcome))


def flush(seconds: float) -> None:
    """Let each tracer export its spans, before this process ends without ``atexit``."""
    for tracer in tracers:
        try:
            tracer.flush(seconds)
        except Exception as error:
            events.tell(events.TracerFailed(tracer, error))


def headers_of(job: Any) -> dict[str, str]:
    """Return the headers in ``job.meta``, which may hold any JSON if SQL wrote it."""
    return texts(_meta_of(job))


def texts(meta: dict[str, Any]) -> dict[str, str]:
    """Return the entries of ``meta`` that can be headers."""
    return {name: value for name, value in meta.items() if isinstance(value, str)}


def add_headers(row: Row, headers: Mapping[str, str]) -> None:
    """Add ``headers`` to the ``meta`` of ``row``, where the existing ones stay.

    Raises InvalidArgument, and adds nothing, if a row can't hold them.
    """
    row["meta"] |= {**codec.encode(dict(headers), "meta"), **row["meta"]}


def shares_its_trace(job: Any) -> bool:
    """Return whether a trace that holds all runs with the headers of ``job`` may grow too long.

    A successor takes over the ``meta`` of its predecessor, so a chain that recurs for years would
    be one trace. The jobs of one ``enqueue_many()`` can be a million.
    """
    return job.interval is not None or SHARED in _meta_of(job)


def _meta_of(job: Any) -> dict[str, Any]:
    return job.meta if isinstance(job.meta, dict) else {}


def _with_meta_of(first: Row, others: Iterator[Row]) -> Iterator[Row]:
    meta = first["meta"]
    yield first
    for row in others:
        row["meta"] = meta
        yield row


def _one(held: tuple[Any, bool]) -> Sent:
    job, is_new = held
    return Sent(id=job.pk, existed=not is_new)


def _many(ids: Ids) -> Sent:
    return Sent(count=len(ids))


def _inside_spans(row: Row, insert: Callable[[Row], T], sent_of: Callable[[T], Sent]) -> T:
    row["meta"] = dict(row["meta"] or {})
    spans = _begin(lambda tracer: tracer.begin_sending(row))
    row["meta"] = row["meta"] or None  # no tracer had headers for it
    try:
        result = insert(row)
    except BaseException as error:
        _end_sending(spans, error)
        raise
    _end_sending(spans, sent_of(result))
    return result


def _end_sending(spans: Spans, sent: Sent | BaseException) -> None:
    _end(spans, lambda tracer, span: tracer.end_sending(span, sent))


def _begin(begin: Callable[[Tracer], Any]) -> Spans:
    spans: Spans = []
    for tracer in tracers:
        try:
            spans.append((tracer, begin(tracer)))
        except Exception as error:
            events.tell(events.TracerFailed(tracer, error))
    return spans


def _end(spans: Spans, end: Callable[[Tracer, Any], None]) -> None:
    for tracer, span in reversed(spans):
        try:
            end(tracer, span)
        except Exception as error:
            events.tell(events.TracerFailed(tracer, error))
