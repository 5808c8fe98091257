"""A site in a process of its own, for settings that the test's own process can't have."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from tests.support.environment import Environment
from tests.support.eventually import eventually

LOOPBACK = "127.0.0.1"


@contextmanager
def served_site(environment: Environment, settings: str) -> Iterator[str]:
    """Serve the tests' site with these settings, and return its address."""
    port = _free_port()
    # --insecure: without it, Django serves static files only if DEBUG is True.
    command = ["runserver", "--noreload", "--insecure", f"{LOOPBACK}:{port}"]
    server = subprocess.Popen(
        [sys.executable, "-m", "django", *command],
        env={**environment, "DJANGO_SETTINGS_MODULE": settings},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        eventually(lambda: server.poll() is not None or _answers(port), timeout=60)
        assert server.poll() is None, "the server has ended"
        yield f"http://{LOOPBACK}:{port}"
    finally:
        server.kill()
        server.wait(20)


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind((LOOPBACK, 0))
        port: int = listener.getsockname()[1]
        return port


def _answers(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex((LOOPBACK, port)) == 0
