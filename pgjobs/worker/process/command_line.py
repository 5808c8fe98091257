"""New processes by the command line of this one. They take a role by an environment variable, which
names the descriptor of their connection to this process."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Collection, Mapping
from typing import Any


def start_again(
    environment: Mapping[str, str], descriptors: Collection[int], **options: Any
) -> subprocess.Popen[bytes]:
    """Start a new interpreter with the command line of this one, which inherits ``descriptors``.

    ``options`` are those of ``subprocess.Popen``. Raises OSError.
    """
    options.setdefault("cwd", first_directory())
    return subprocess.Popen(
        [sys.executable, *sys.orig_argv[1:]], env=environment, pass_fds=descriptors, **options
    )


def start_connected(
    variable: str, environment: Mapping[str, str], **options: Any
) -> tuple[subprocess.Popen[bytes], socket.socket]:
    """Do the same, with a socket for which the new process calls ``inherited_socket(variable)``.

    Return the process and the other end of the socket.
    """
    ours, theirs = socket.socketpair()
    ours.settimeout(None)  # even if the project has set a default timeout
    with theirs:
        try:
            named = {**environment, variable: str(theirs.fileno())}
            return start_again(named, [theirs.fileno()], **options), ours
        except BaseException:
            ours.close()
            raise


def inherited_socket(variable: str) -> socket.socket | None:
    """Return the socket whose descriptor the environment ``variable`` holds, or None."""
    if (descriptor := os.environ.pop(variable, None)) is None:
        return None
    inherited = socket.socket(fileno=int(descriptor))
    inherited.settimeout(None)
    inherited.set_inheritable(False)
    return inherited


def can_start() -> bool:
    """Return whether a child could start by the command line of this process.

    A child can't read the script again that this process has read from its standard input.
    """
    return getattr(sys.modules["__main__"], "__file__", "") != "<stdin>" and not hasattr(sys, "ps1")


def first_directory() -> str | None:
    """Return the directory in which this process was started, if the script's path tells it.

    A manage.py may change the directory. In another directory, a relative path on the command
    line, such as that of manage.py itself, would lead the child nowhere.
    """
    script = getattr(sys.modules["__main__"], "__file__", None) or ""  # Python made it absolute
    for argument in sys.orig_argv[1:]:
        directory = script.removesuffix(f"{os.sep}{argument}")
        if directory != script and os.path.isdir(directory):
            return directory
    return None
