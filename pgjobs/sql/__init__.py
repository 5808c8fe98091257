"""The engine's statements: one file each, with its reasons as comments."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from pgjobs.sql import locks


@cache
def load(name: str) -> str:
    """Return the statement of ``<name>.sql``, such as ``workers/register``, without its comments.

    ``{WORKER_LOCK}`` and ``{HERE_LOCK}`` are filled with the numbers of ``locks.py``. Comments are
    left out because the text travels to the server with each call.
    """
    text = files(__name__).joinpath(f"{name}.sql").read_text(encoding="utf-8")
    lines = (line for line in text.splitlines() if not line.lstrip().startswith("--"))
    return locks.fill("\n".join(lines).strip().rstrip(";"))
