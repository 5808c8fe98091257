"""The log lines of the engine: they listen to the events. `wording` has all of them."""

from __future__ import annotations

from pgjobs import events
from pgjobs.log_lines.wording import LINES


def start() -> None:
    """Write a line for each event that is told from now on. Call it once."""
    for kind, its_line in LINES.items():
        events.listen(kind, its_line.write)
