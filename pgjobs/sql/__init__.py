"""The engine's statements as named SQL text, each with its reason beside it."""

from __future__ import annotations

from functools import cache
from importlib.resources import files


@cache
def load(name: str) -> str:
    """Return the text of ``<name>.sql`` without its comments, which need not travel each time."""
    text = files(__name__).joinpath(f"{name}.sql").read_text(encoding="utf-8")
    lines = (line for line in text.splitlines() if not line.lstrip().startswith("--"))
    return "\n".join(lines).strip().rstrip(";")
