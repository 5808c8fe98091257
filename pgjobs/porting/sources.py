"""The files of a code base that can name an old system."""

from __future__ import annotations

import codecs
import io
import os
import re
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pgjobs.porting.finding import PassedOver

_NOT_OURS: Final = {"__pycache__", "node_modules", "site-packages", "htmlcov", "build", "dist"}
_TEXTS: Final = re.compile(
    r"(Procfile|Dockerfile|Makefile|justfile|Containerfile)(\..*)?"
    r"|.*\.(sh|ya?ml|service|conf|ini|cfg|toml|dockerfile|env)|\.env(\..*)?|\.envrc|.*requirements.*\.(txt|in)",
    re.IGNORECASE,
)
_UTF_16: Final = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_LARGEST: Final = 5 * 2**20
"""Bytes of a file. Larger ones are data, or were made by a program."""


@dataclass(frozen=True, slots=True)
class Source:
    """A file as text."""

    path: str
    """As people see it: the path that they gave, and below it."""
    name: str
    """The dotted name that its path gives a Python file; it begins with the name of the root."""
    is_python: bool
    text: str

    @property
    def is_package(self) -> bool:
        return self.path.endswith("__init__.py")


def read_tree(root: Path) -> Iterator[Source | PassedOver]:
    """Yield the files at and below ``root``, in the order of their paths.

    Virtual environments, hidden directories and what programs have built are left out. Raises
    OSError if ``root`` can't be read.
    """
    if root.is_file():
        if (read := _read(root, root.parent)) is not None:
            yield read
        return
    os.scandir(root).close()
    for path in _paths(root):
        if (read := _read(path, root)) is not None:
            yield read


def _paths(root: Path) -> Iterator[Path]:
    # Links to directories are not followed: a link may lead into a circle.
    for directory, below, names in os.walk(root):
        here = Path(directory)
        below[:] = sorted(each for each in below if _is_ours(here / each))
        yield from (here / each for each in sorted(names))


def _is_ours(directory: Path) -> bool:
    name = directory.name
    is_built = name.startswith(".") or name in _NOT_OURS or name.endswith(".egg-info")
    return not is_built and not (directory / "pyvenv.cfg").exists()


def _read(path: Path, root: Path) -> Source | PassedOver | None:
    if path.suffix != ".py" and not _TEXTS.fullmatch(path.name):
        return None
    if not path.is_file():
        return None  # a broken link, a socket
    try:
        if path.stat().st_size > _LARGEST:
            return PassedOver(str(path), f"larger than {_LARGEST // 2**20} MiB")
        data = path.read_bytes()
    except OSError as error:
        return PassedOver(str(path), error.strerror or str(error))
    return _source(path, root, data)


def _source(path: Path, root: Path, data: bytes) -> Source | PassedOver:
    is_python = path.suffix == ".py"
    if not is_python and data.startswith(_UTF_16):  # pip freeze > … in PowerShell
        return Source(str(path), "", False, data.decode("utf-16", errors="replace"))
    if b"\0" in data:
        return PassedOver(str(path), "not a text")
    if not is_python:
        return Source(str(path), "", False, data.decode("utf-8-sig", errors="replace"))
    try:
        return Source(str(path), _dotted(path, root), True, _decoded(data))
    except (UnicodeDecodeError, SyntaxError, LookupError) as error:
        return PassedOver(str(path), f"not in the encoding that it declares: {error}")


def _decoded(data: bytes) -> str:
    """Return Python code as text, by its byte order mark or its coding line."""
    encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
    return io.TextIOWrapper(io.BytesIO(data), encoding, newline=None).read()


def _dotted(path: Path, root: Path) -> str:
    parts = list(path.relative_to(root).with_suffix("").parts)
    if parts[-1] == "__init__":
        parts.pop()
    return ".".join([root.resolve().name, *parts])
