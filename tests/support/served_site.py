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
    # --insecure: without it, Django serves static files only if DEBUG is True.
    command = ["django", "runserver", "--noreload", "--insecure", f"{LOOPBACK}:{{port}}"]
    with _served({**environment, "DJANGO_SETTINGS_MODULE": settings}, command) as address:
        yield address


@contextmanager
def served_by_asgi(environment: Environment, application: str) -> Iterator[str]:
    """Serve an ASGI application, given as ``module:name``, and return its address."""
    command = ["uvicorn", application, "--host", LOOPBACK, "--port", "{port}", "--lifespan", "off"]
    with _served(environment, command) as address:
        yield address


@contextmanager
def _served(environment: Environment, command: list[str]) -> Iterator[str]:
    port = _free_port()
    server = subprocess.Popen(
        [sys.executable, "-m", *(word.replace("{port}", str(port)) for word in command)],
        env=environment,
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
