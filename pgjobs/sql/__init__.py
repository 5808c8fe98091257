"""The engine's statements: one file each, with its reasons as comments."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Final

from pgjobs.sql import locks

_OF_THE_SCHEMA: Final = ("functions", "views")
"""Folders with statements that only migrations use."""


@cache
def load(name: str) -> str:
    """Return the statement of ``<name>.sql``, such as ``workers/register``, without its comments.

    ``{WORKER_LOCK}`` and ``{HERE_LOCK}`` are filled with the numbers of ``locks.py``. Comments are
    left out because the text travels to the server with each call.
    """
    text = files(__name__).joinpath(f"{name}.sql").read_text(encoding="utf-8")
    lines = (line for line in text.splitlines() if not line.lstrip().startswith("--"))
    return locks.fill("\n".join(lines).strip().rstrip(";"))


def load_all() -> None:
    """Load each statement that a worker may need.

    Later its process may be unable to open a file, or a newer release may have taken the place of
    the files.
    """
    root = Path(__file__).parent
    for path in root.rglob("*.sql"):
        name = path.relative_to(root).with_suffix("")
        if name.parts[0] not in _OF_THE_SCHEMA:
            load(name.as_posix())
