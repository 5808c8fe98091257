"""The one thing that a measured job does: say when its process ran its first job."""

from __future__ import annotations

import os
import time
from pathlib import Path

_began: list[float] = []


def note() -> None:
    """Write the moment of this process's first run into the file that BENCHMARK_BEGAN names."""
    if not _began:
        _began.append(time.monotonic())
        with Path(os.environ["BENCHMARK_BEGAN"]).open("a") as file:
            file.write(f"{_began[0]}\n")
