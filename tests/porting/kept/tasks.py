"""What the schedules call."""

from __future__ import annotations

from typing import Any

calls: list[tuple[str, tuple[Any, ...], dict[str, Any]]] = []


def send(*args: Any, **kwargs: Any) -> None:
    calls.append(("send", args, kwargs))


def tidy() -> None:
    calls.append(("tidy", (), {}))
