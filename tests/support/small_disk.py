"""A disk that is soon full: a file system in memory, of a size that the test chooses."""

from __future__ import annotations

import errno
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.requirements import skip_or_fail


class SmallDisk:
    """Full and empty again as the test says, whatever other files lie on it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._ballast = path / "ballast"

    def directory_like(self, other: Path) -> Path:
        """Make a directory here for the server that owns ``other``."""
        directory = self.path / "server"
        directory.mkdir(mode=0o700)
        owner = other.stat()
        os.chown(directory, owner.st_uid, owner.st_gid)
        return directory

    def fill(self) -> None:
        with self._ballast.open("wb", buffering=0) as ballast:
            for size in (1 << 20, 1 << 12):
                self._write_all(ballast.fileno(), bytes(size))

    def _write_all(self, file: int, block: bytes) -> None:
        try:
            while True:
                os.write(file, block)
        except OSError as error:
            if error.errno != errno.ENOSPC:
                raise

    def make_room(self) -> None:
        self._ballast.unlink()


@contextmanager
def small_disk(path: Path, *, mebibytes: int) -> Iterator[SmallDisk]:
    path.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={mebibytes}m,mode=0755", "pgjobs-test", str(path)]
    try:
        mounted = subprocess.run(mount, capture_output=True, text=True)
        why_not = mounted.stderr.strip() if mounted.returncode else ""
    except FileNotFoundError:
        why_not = "there is no mount command"
    if why_not:
        skip_or_fail(f"no disk to fill: {why_not}")
    try:
        yield SmallDisk(path)
    finally:
        subprocess.run(["umount", "--lazy", str(path)], check=True)
