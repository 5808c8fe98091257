"""A process that has imported what every child of a test imports, and forks children from itself.

A new interpreter takes about a second of processor time to import Django and procrastinate, and the
suite starts several hundred. Django is not set up here: each child reads its own settings, so that
nothing but imported modules is shared. It has no thread, no connection and no open transaction.
"""

from __future__ import annotations

import gc
import json
import os
import signal
import socket
import sys
from collections.abc import Callable
from typing import Any, Final

PRELOADED: Final = (
    "asgiref.sync croniter procrastinate procrastinate.worker psycopg.rows dj_database_url "
    "django.core.management django.core.management.commands django.db.models django.test "
    "django.db.backends.postgresql.base django.contrib.auth.hashers django.urls "
    "django.views.decorators.csrf django.db.migrations.operations pgjobs pgjobs.conf "
    # What the apps import and what needs no settings.
    "django.contrib.admin.apps django.contrib.auth.apps django.contrib.contenttypes.apps "
    "django.contrib.messages.apps django.contrib.sessions.apps django.contrib.sites.shortcuts "
    "django.contrib.staticfiles.apps procrastinate.contrib.django.apps "
    "pgjobs.enqueueing.insert pgjobs.execution.in_process pgjobs.log_lines.line "
    "pgjobs.schema_upkeep"
).split()


def main() -> Callable[[], object]:
    """Serve requests until the tests close the connection; in a child, return its work."""
    for module in PRELOADED:
        __import__(module)
    gc.freeze()  # or each child would copy the pages that its collector touches
    requests = socket.socket(fileno=int(sys.argv[1]))
    wakeup_reader, wakeup_writer = os.pipe()
    os.set_blocking(wakeup_writer, False)
    signal.set_wakeup_fd(wakeup_writer, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the tests, which then close
    signs: dict[int, int] = {}
    return _serve(requests, wakeup_reader, signs)


def _serve(requests: socket.socket, wakeup: int, signs: dict[int, int]) -> Callable[[], object]:
    from select import POLLIN, poll

    waiting = poll()
    waiting.register(requests, POLLIN)
    waiting.register(wakeup, POLLIN)
    while True:
        ready = {descriptor for descriptor, _ in waiting.poll()}
        if wakeup in ready:
            os.read(wakeup, 4096)
            _tell_of_ends(requests, signs)
        if requests.fileno() in ready:
            if (request := _receive(requests)) is None:
                os._exit(0)
            work = _fork(requests, signs, *request)
            if work is not None:
                return work


def _receive(requests: socket.socket) -> tuple[dict[str, Any], int] | None:
    text, descriptors, _, _ = socket.recv_fds(requests, 65536, 1)
    while text and not text.endswith(b"\n"):
        text += requests.recv(65536)
    return (json.loads(text), descriptors[0]) if text else None


def _fork(
    requests: socket.socket, signs: dict[int, int], request: dict[str, Any], output: int
) -> Callable[[], object] | None:
    """Fork a child, and tell its process id; in the child, return its work."""
    reader, writer = os.pipe()
    mother = os.getpid()
    pid = os.fork()
    if pid:
        os.close(output)
        os.close(writer)
        signs[pid] = reader
        _send(requests, {"started": pid})
        return None
    os.close(reader)
    requests.close()
    _become_a_new_process(request["environment"], output)
    if request["is_child"]:
        os.environ["PGJOBS_CHILD"] = f"{writer}:{mother}:1"
    else:
        os.close(writer)
    sys.argv = ["manage.py", *request["arguments"]]
    # A worker starts its fork server by its own command line, as its supervisor starts the worker.
    sys.orig_argv = [sys.executable, "-m", "django", *request["arguments"]]
    if (code := request["code"]) is not None:
        return lambda: exec(code, {"__name__": "__main__"})
    return _run_command


def _run_command() -> None:
    from django.core.management import execute_from_command_line

    from tests.support.spare_process import keep_one

    apps = os.environ.get("EXTRA_APPS", "")
    if "isolated" in apps and "starting" not in apps:  # which is about the loading of the project
        keep_one()
    execute_from_command_line(sys.argv)


def _become_a_new_process(environment: dict[str, str], output: int) -> None:
    os.setsid()
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for source, target in ((nothing, 0), (output, 1), (output, 2)):
        os.dup2(source, target)
    os.close(output)
    os.environ.clear()
    os.environ.update(environment)
    for path in environment.get("PYTHONPATH", "").split(os.pathsep):
        if path and path not in sys.path:
            sys.path.insert(0, path)


def _tell_of_ends(requests: socket.socket, signs: dict[int, int]) -> None:
    while signs:
        pid, status = os.waitpid(-1, os.WNOHANG)
        if not pid:
            return
        os.close(signs.pop(pid))
        _send(requests, {"ended": pid, "code": os.waitstatus_to_exitcode(status)})


def _send(requests: socket.socket, message: dict[str, int]) -> None:
    requests.sendall(json.dumps(message).encode() + b"\n")


if __name__ == "__main__":
    sys.exit(main()())  # type: ignore[arg-type] # None is a success, as for any script
