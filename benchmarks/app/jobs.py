"""The job that is measured: nothing but the engine's own cost."""

from __future__ import annotations

import os
import time
from pathlib import Path

from pgjobs import BackgroundJob

_began: list[float] = []


class Nothing(BackgroundJob):
    """Does nothing, but for the first run of a process: that one says when it began."""

    def run(self) -> None:
        if not _began:
            _began.append(time.monotonic())
            with Path(os.environ["BENCHMARK_BEGAN"]).open("a") as file:
                file.write(f"{_began[0]}\n")
