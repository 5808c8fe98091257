"""Running the worker of any peer as a real process until it has drained its queue."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

_POLL: Final = 0.02
_DEADLINE: Final = 600.0
_GRACE: Final = 60.0
_TAIL: Final = 1500


class DrainError(RuntimeError):
    """A worker did not drain its queue."""


def seconds(
    command: Sequence[str],
    *,
    is_drained: Callable[[], bool],
    scratch: Path,
    environment: Mapping[str, str] | None = None,
    deadline: float = _DEADLINE,
) -> float:
    """Return the seconds from the worker's first run of a job until no job is left.

    `benchmarks.first_run` writes the moment of the first run, so the start of Python is left out.
    """
    began, log = scratch / "began", scratch / "worker.log"
    began.write_text("")
    with log.open("wb") as output:
        worker = subprocess.Popen(
            command,
            env={**os.environ, **(environment or {}), "BENCHMARK_BEGAN": str(began)},
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # its group can be killed with all its children
        )
        try:
            ended = _when_drained(worker, is_drained, deadline)
        except DrainError as error:
            raise DrainError(f"{error} It said: {_tail(log)}") from None
        finally:
            _end(worker)
    firsts = [float(line) for line in began.read_text().splitlines()]
    if not firsts:
        raise DrainError(f"Nothing is left, but no job said that it ran. {_tail(log)}")
    return ended - min(firsts)


def _when_drained(
    worker: subprocess.Popen[bytes], is_drained: Callable[[], bool], deadline: float
) -> float:
    until = time.monotonic() + deadline
    while time.monotonic() < until:
        if is_drained():
            return time.monotonic()
        if worker.poll() is not None:
            raise DrainError(f"The worker ended by itself, with status {worker.returncode}.")
        time.sleep(_POLL)
    raise DrainError(f"The worker did not drain the queue within {deadline:g} s.")


def _end(worker: subprocess.Popen[bytes]) -> None:
    """Ask the worker to stop, then kill the remaining processes of its group."""
    worker.send_signal(signal.SIGTERM)
    with contextlib.suppress(subprocess.TimeoutExpired):
        worker.wait(_GRACE)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(worker.pid, signal.SIGKILL)
    worker.wait()


def _tail(log: Path) -> str:
    return log.read_text(errors="replace")[-_TAIL:].strip() or "(nothing)"
