"""New code in development: looks for source files that have changed."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Final

from django.utils.autoreload import StatReloader

from pgjobs import events

_LOOK: Final = 1.0
"""Seconds between two looks."""


class CodeWatch:
    """Looks at the source files of all modules that this process has imported, in a thread."""

    def __init__(self, on_change: Callable[[], None]) -> None:
        """``on_change`` is called in the thread after each change of a file."""
        self._on_change = on_change
        self._seen = self._look()
        self._thread = threading.Thread(target=self._run, name="pgjobs-reload", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def _run(self) -> None:
        while True:
            threading.Event().wait(_LOOK)
            seen = self._look()
            # A file that is written anew is missing for a moment.
            changed = [path for path in seen if seen[path] != self._seen.get(path, seen[path])]
            self._seen |= seen
            if changed:
                events.tell(events.CodeChanged(str(changed[0])))
                self._on_change()

    def _look(self) -> dict[object, float]:
        return dict(StatReloader().snapshot_files())
