"""``manage.py pgjobs_worker`` whose supervisor forks its children from itself.

A new interpreter for each child takes more than a second of processor time. The children are direct
children of the supervisor as ever; they have its imports, and neither its pipes nor its sockets.
"""

from __future__ import annotations

import os
import signal
import stat
import sys
import traceback
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, Final, NoReturn

import django
from django.core.management import execute_from_command_line

from pgjobs.worker.process.command_line import first_directory

_STOP_SIGNALS: Final = (signal.SIGTERM, signal.SIGINT)


def main() -> None:
    django.setup()
    from pgjobs.worker.process import offspring

    vars(offspring)["start_again"] = ForkedChild
    execute_from_command_line(sys.argv)


class ForkedChild:
    """Takes the place of `start_again()`, and of the process that it returns."""

    def __init__(
        self,
        env: Mapping[str, str],
        pass_fds: Sequence[int],
        *,
        stderr: IO[bytes] | None,
        start_new_session: bool,
    ) -> None:
        self.returncode: int | None = None
        # A signal that meets the child before it has dropped the supervisor's handler would stop
        # its siblings.
        signal.pthread_sigmask(signal.SIG_BLOCK, _STOP_SIGNALS)
        self.pid = os.fork()
        if not self.pid:
            os.chdir(first_directory() or ".")
            if stderr is not None:
                os.dup2(stderr.fileno(), 2)
            _run(env, pass_fds, start_new_session)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _STOP_SIGNALS)

    def poll(self) -> int | None:
        return self._wait(os.WNOHANG)

    def wait(self) -> int | None:
        return self._wait(0)

    def _wait(self, options: int) -> int | None:
        if self.returncode is None:
            pid, status = os.waitpid(self.pid, options)
            if pid:
                self.returncode = os.waitstatus_to_exitcode(status)
        return self.returncode

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


def _run(env: Mapping[str, str], kept: Iterable[int], start_new_session: bool) -> NoReturn:
    """Run the supervisor's command line in a process that has just been forked."""
    code: object = 1
    try:
        if start_new_session:
            os.setsid()
        _close_pipes_and_sockets(kept)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _STOP_SIGNALS)
        os.environ.clear()
        os.environ.update(env)
        execute_from_command_line(sys.argv)
        code = 0
    except SystemExit as end:
        code = end.code or 0
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code if isinstance(code, int) else 1)


def _close_pipes_and_sockets(kept: Iterable[int]) -> None:
    spared = {0, 1, 2, *kept}
    for descriptor in [int(entry.name) for entry in Path("/dev/fd").iterdir()]:
        with suppress(OSError):  # the descriptor of the listing itself
            mode = os.fstat(descriptor).st_mode
            if descriptor not in spared and (stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)):
                os.close(descriptor)
