"""Receivers of signals, for the length of a test."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.dispatch import Signal


@contextmanager
def listening(
    signal: Signal, *, error: BaseException | None = None
) -> Iterator[list[dict[str, Any]]]:
    """Collect the arguments that ``signal`` sends; the receiver then raises ``error``, if given."""
    received: list[dict[str, Any]] = []

    def receive(**named: Any) -> None:
        received.append({**named, "status": named["job"].status})
        if error is not None:
            raise error

    signal.connect(receive)
    try:
        yield received
    finally:
        signal.disconnect(receive)
