"""What happens to a supervisor and to the processes that it starts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pgjobs.events.telling import Event


@dataclass(slots=True)
class QueuesUnserved(Event):
    """A worker starts for the default queues, ``served``, while ``unserved`` queues exist too."""

    served: Sequence[str]
    unserved: Sequence[str]


@dataclass(slots=True)
class CodeChanged(Event):
    """A source file changed, so a supervisor with ``--reload`` replaces its worker processes."""

    path: str


@dataclass(slots=True)
class ChildEnded(Event):
    """A worker process ended with ``code``; another one starts in ``delay`` seconds.

    A negative code is the number of the signal that killed the process. ``reason`` has the last
    words of the process, or is empty.
    """

    child: int
    code: int
    delay: float
    reason: str


@dataclass(slots=True)
class ChildNotStarted(Event):
    """The system refused to start a worker process; the next try follows in ``delay`` seconds."""

    child: int
    error: BaseException
    delay: float


@dataclass(slots=True)
class ZygoteEnded(Event):
    """The process that loads the project for ``--preload`` ended with ``code``.

    No worker process can start until the next one has loaded it, which starts in ``delay`` seconds.
    """

    code: int
    delay: float


@dataclass(slots=True)
class ZygoteNotStarted(Event):
    """The system refused to start the process that loads the project for ``--preload``.

    The next try follows in ``delay`` seconds.
    """

    error: BaseException
    delay: float


@dataclass(slots=True)
class ThreadsNotForked(Event):
    """The project has started these threads while it was loaded for ``--preload``."""

    threads: Sequence[str]


@dataclass(slots=True)
class LivenessFileFailed(Event):
    """The liveness file at ``path`` could not be touched. Told once until it can be touched."""

    path: str
    error: BaseException


@dataclass(slots=True)
class ChildSilent(Event):
    """A worker process has given no sign of life for too long, and is killed."""

    child: int
    pid: int


@dataclass(slots=True)
class ChildrenKilled(Event):
    """Worker processes did not end within the shutdown timeout, and are killed."""
