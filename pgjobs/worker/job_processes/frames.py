"""Frames: how a worker and the process of a job write to each other.

A frame is a length and a JSON text. JSON and not pickle: a job may write to any descriptor of its
process, and nothing that it writes may run code in the worker.
"""

from __future__ import annotations

import json
import struct
from typing import Any, Final

_LENGTH: Final = struct.Struct("!I")
_LONGEST: Final = 1 << 30
"""More bytes than any outcome has. A longer frame is none: a job wrote to a wrong descriptor."""


class NotAFrame(ValueError):
    """The bytes are no frame."""


def frame(content: Any) -> bytes:
    """Return ``content``, a value of JSON, as the bytes of one frame."""
    text = json.dumps(content).encode()
    return _LENGTH.pack(len(text)) + text


class Frames:
    """Takes bytes in pieces and gives the contents of the frames that are whole."""

    def __init__(self) -> None:
        self._bytes = bytearray()

    def feed(self, piece: bytes) -> None:
        self._bytes += piece

    def next(self) -> Any:
        """Return the content of the next whole frame, or None. Raises NotAFrame."""
        if len(self._bytes) < _LENGTH.size:
            return None
        (length,) = _LENGTH.unpack_from(self._bytes)
        if length > _LONGEST:
            raise NotAFrame(f"a frame of {length:,} bytes")
        end = _LENGTH.size + length
        if len(self._bytes) < end:
            return None
        text = bytes(self._bytes[_LENGTH.size : end])
        del self._bytes[:end]
        try:
            return json.loads(text)
        except (ValueError, RecursionError) as error:
            raise NotAFrame(f"a frame that is no JSON: {error}") from None
