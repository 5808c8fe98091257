"""The place in the project's own code at which an exception was raised."""

from __future__ import annotations

import os
import sysconfig
from functools import cache
from pathlib import Path
from types import FrameType
from typing import Final

_OURS: Final = str(Path(__file__).parents[1]) + os.sep
_INSTALLED: Final = (f"{os.sep}site-packages{os.sep}", f"{os.sep}dist-packages{os.sep}")


def own_frame(error: BaseException) -> str:
    """Return the innermost function in the traceback that is the project's own, as a dotted path.

    Return "" if there is none. The path has no line number, because each deploy moves lines: it
    tells failures of one kind from failures of another kind.
    """
    found: FrameType | None = None
    step = error.__traceback__
    while step is not None:
        if _is_own(step.tb_frame.f_code.co_filename):
            found = step.tb_frame
        step = step.tb_next
    return "" if found is None else _name(found)


def _name(frame: FrameType) -> str:
    return f"{frame.f_globals.get('__name__', '?')}.{frame.f_code.co_qualname}"


@cache
def _is_own(path: str) -> bool:
    """Return whether a source file is neither ours, nor Python's, nor of an installed package."""
    if path.startswith("<"):  # generated, such as the methods of a dataclass
        return False
    return not path.startswith((_OURS, *_stdlib())) and not any(part in path for part in _INSTALLED)


@cache
def _stdlib() -> tuple[str, ...]:
    paths = sysconfig.get_paths()
    return tuple({paths[name] + os.sep for name in ("stdlib", "platstdlib")})
