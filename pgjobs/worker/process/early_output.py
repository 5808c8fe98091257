"""What a worker process writes to its standard error before it begins to work."""

from __future__ import annotations

import os
import sys
import tempfile
from contextlib import suppress
from typing import Final, Self

_DESCRIPTOR: Final = "PGJOBS_CHILD_STDERR"
"""The environment variable of a child whose standard error is a file at first. It holds the file
descriptor of the real one."""
_LONGEST: Final = 1 << 20


class EarlyOutput:
    """Keeps the standard error of a starting process in a file, to tell its last words.

    A supervisor uses it after a start that has failed: the failures of Python itself, such as an
    import error, stand nowhere but in this output.
    """

    def __init__(self) -> None:
        self.file = tempfile.TemporaryFile()  # noqa: SIM115 - closed with this object

    @classmethod
    def if_possible(cls) -> Self | None:
        """Return the keeper of one start; None if no temporary file can be made.

        The child then writes to the real standard error from the beginning. A read-only disk, as in
        a hardened container, must not keep it from starting.
        """
        try:
            return cls()
        except OSError:
            return None

    def arrange(self, environment: dict[str, str]) -> list[int]:
        """Return the descriptors that the child needs; none if there is no real standard error."""
        try:
            real = os.dup(2)
        except OSError:
            return []
        environment[_DESCRIPTOR] = str(real)
        return [real]

    def show(self) -> str:
        """Pass the output on to the real standard error, and return its last line."""
        self.file.seek(0)
        output = self.file.read(_LONGEST)
        with suppress(OSError):
            os.write(2, output)
        lines = output.decode(errors="replace").split("\n")
        return next((line.strip() for line in reversed(lines) if line.strip()), "")


def give_back_stderr() -> None:
    """In the child, once it begins to work: write to the real standard error from now on."""
    if (descriptor := os.environ.pop(_DESCRIPTOR, None)) is None:
        return
    real = int(descriptor)
    with suppress(OSError, ValueError):
        sys.stderr.flush()
    with suppress(OSError):
        os.write(real, os.pread(2, _LONGEST, 0))
        os.dup2(real, 2)
        os.close(real)
