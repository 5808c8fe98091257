"""``python -m benchmarks.peers.apps APP JOBS``: enqueue so many jobs that do nothing.

A program of its own, so that an app is always imported by its name: a job of ``__main__`` could
not be found by the worker.
"""

from __future__ import annotations

import importlib
import sys

importlib.import_module(f"benchmarks.peers.apps.{sys.argv[1]}").enqueue(int(sys.argv[2]))
