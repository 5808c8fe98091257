"""A relay before the server that ends a session as a pooler does whose server has died."""

from __future__ import annotations

import select
import shutil
import socket
import socketserver
import struct
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Self

from django.db import connection, connections

PORT: Final = 6433
_COMMIT: Final = b"COMMIT\0"


def _error(state: str, text: str) -> bytes:
    """Return the message ErrorResponse of PostgreSQL's protocol."""
    values = (("S", "FATAL"), ("V", "FATAL"), ("C", state), ("M", text))
    fields = b"".join(f"{kind}{value}\0".encode() for kind, value in values) + b"\0"
    return b"E" + struct.pack("!i", 4 + len(fields)) + fields


_TWO_ANSWERS: Final = (
    _error("57P01", "terminating connection due to administrator command"),
    _error("08P01", "server conn crashed?"),
)


class Relay(socketserver.ThreadingUnixStreamServer):
    """Listens in a directory of its own, and passes everything on until ``answer_twice()``."""

    daemon_threads = True

    def __init__(self, server: tuple[str, int]) -> None:
        self.server = server
        self.directory = tempfile.mkdtemp(prefix="relay-")
        self.answered_twice = 0
        self._is_armed = False
        super().__init__(f"{self.directory}/.s.PGSQL.{PORT}", _Session)

    def __enter__(self) -> Self:
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self.server_close()
        shutil.rmtree(self.directory)

    def answer_twice(self) -> None:
        """Keep the next COMMIT from the server, end the session, and answer with two errors."""
        self._is_armed = True

    def takes(self, piece: bytes) -> bool:
        """Say whether ``piece`` holds the COMMIT that the server does not get."""
        if not self._is_armed or _COMMIT not in piece:
            return False
        self._is_armed = False
        self.answered_twice += 1
        return True


class _Session(socketserver.BaseRequestHandler):
    server: Relay

    def handle(self) -> None:
        client: socket.socket = self.request
        with _connected(self.server.server) as server:
            other = {client: server, server: client}
            while True:
                for end in select.select(list(other), [], [])[0]:
                    if not (piece := end.recv(1 << 16)):
                        return
                    if end is client and self.server.takes(piece):
                        client.sendall(b"".join(_TWO_ANSWERS))
                        return
                    other[end].sendall(piece)


def _connected(server: tuple[str, int]) -> socket.socket:
    host, port = server
    if not host.startswith("/"):
        return socket.create_connection(server)
    connected = socket.socket(socket.AF_UNIX)
    connected.connect(str(Path(host) / f".s.PGSQL.{port}"))
    return connected


@contextmanager
def relayed(alias: str) -> Iterator[Relay]:
    """Let ``alias`` be the database of the tests, reached through the relay that is yielded."""
    connection.ensure_connection()
    server = connection.connection.info
    with Relay((server.host, server.port)) as relay:
        settings = {**connections.databases["default"], "HOST": relay.directory, "PORT": str(PORT)}
        connections.databases[alias] = {**settings, "NAME": connection.settings_dict["NAME"]}
        try:
            yield relay
        finally:
            del connections[alias], connections.databases[alias]
