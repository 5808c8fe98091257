"""Runs a command under the identity that PostgreSQL accepts, and ends it with its parent.

`python as_server_user.py DIRECTORY BINARIES COMMAND…`; the directory becomes that identity's own.

It is a process of its own: only a process with one thread can enter a user namespace, and in a
child of pytest a library's hook for forks may have started another thread.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Final

ROOT: Final = str(Path(__file__).parents[2])


def command_of(directory: str, binaries: str, *command: str) -> list[str]:
    """Return the command line that runs ``command`` so."""
    return [sys.executable, "-I", __file__, directory, binaries, *command]


def main(directory: str, binaries: str, *command: str) -> None:
    sys.path.insert(0, ROOT)
    from example_project.postgres_keeper import Order, choose_identity, hand_over
    from tests.support.processes import die_with_parent

    order = Order(
        binaries=binaries, data=directory, socket_dir=directory, settings={}, throwaway=[]
    )
    identity = choose_identity(order)
    hand_over(order, identity)
    if identity.owner is not None:
        for path in Path(directory).iterdir():
            os.chown(path, identity.owner.pw_uid, identity.owner.pw_gid)
    identity.assume()
    die_with_parent()
    os.execv(command[0], command)


if __name__ == "__main__":
    main(*sys.argv[1:])
