"""The files of a directory on disk."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundFile:
    path: str
    size: int
    sha256: str


def files_below(root: Path) -> Iterator[str]:
    """Yield the path from `root` of each regular file, except hidden files and bytecode."""
    for directory, subdirectories, names in os.walk(root):
        subdirectories[:] = [name for name in subdirectories if _is_of_interest(name)]
        for name in names:
            path = Path(directory, name)
            if _is_of_interest(name) and path.is_file() and not path.is_symlink():
                yield str(path.relative_to(root))


def read_file(root: Path, path: str) -> FoundFile:
    with (root / path).open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        return FoundFile(path=path, size=os.fstat(file.fileno()).st_size, sha256=sha256)


def _is_of_interest(name: str) -> bool:
    return not name.startswith(".") and name != "__pycache__" and _is_text(name)


def _is_text(name: str) -> bool:
    """Return False for a name that is not UTF-8: PostgreSQL's text cannot store it."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True
