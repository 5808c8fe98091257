"""``python -m benchmarks.peers.apps APP [JOBS]``: enqueue so many jobs, or without a number, work.

A program of its own, so that an app is always imported by its name: a job of ``__main__`` could
not be found by the worker.
"""

from __future__ import annotations

import importlib
import sys

app = importlib.import_module(f"benchmarks.peers.apps.{sys.argv[1]}")
if sys.argv[2:]:
    app.enqueue(int(sys.argv[2]))
else:
    app.work()
