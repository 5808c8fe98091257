"""The first keys of the engine's two-key advisory locks, each in one place."""

from __future__ import annotations

from typing import Final

WORKER_LOCK: Final = 0x70676A77
"""``pgjw``, with a worker's id: held by the session of a worker for as long as it lives."""

HERE_LOCK: Final = 0x70676A68
"""``pgjh``, with a job's id: held while a process runs a job itself, outside any worker."""
