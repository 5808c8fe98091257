"""Waits for descriptors of any number. `select.select()` refuses numbers from 1024 on."""

from __future__ import annotations

import select


def is_readable(descriptor: int, seconds: float = 0.0) -> bool:
    """Wait at most ``seconds``; return whether ``descriptor`` can be read or has ended."""
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    return bool(poll.poll(seconds * 1000))
