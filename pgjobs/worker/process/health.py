"""Tells systemd and health checks that a worker lives."""

from __future__ import annotations

import os
import socket
from contextlib import suppress
from pathlib import Path

from pgjobs import events


class LivenessFile:
    """A file that is touched while the worker is well."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._failed = False

    def touch(self) -> None:
        """Touch the file. If this fails, tell it once: a probe that reads the file then fails."""
        try:
            self._path.touch()
        except OSError as error:
            if not self._failed:
                events.tell(events.LivenessFileFailed(str(self._path), error))
            self._failed = True
        else:
            self._failed = False


def tell_systemd(message: str) -> None:
    """Send ``message`` to systemd's notification socket, if there is one (see sd_notify(3))."""
    address = os.environ.get("NOTIFY_SOCKET")
    if address:
        if address.startswith("@"):  # an abstract socket of Linux
            address = "\0" + address[1:]
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s:
            s.sendto(message.encode(), address)
