"""The code of an older release, out of the history of this repository."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Final

from tests.support.environment import ROOT

COMMIT: Final = "7f56e7d9c97432146f0bf9c2f5b422b68193cce0"
"""The last commit before the migration 0020."""
NEWEST_MIGRATION: Final = "0019_arguments"


class NoHistory(Exception):
    """The checkout lacks the commit: it is a shallow clone, or no clone at all."""


def take(directory: Path, *, checkout: Path = ROOT) -> Path:
    """Write the package of the older release to ``directory``, and return this directory.

    Raises NoHistory if git can't find the commit in ``checkout``.
    """
    git = ["git", "-C", str(checkout)]
    try:
        archive = subprocess.run(
            [*git, "archive", COMMIT, "pgjobs"], capture_output=True, check=True
        ).stdout
    except FileNotFoundError:
        raise NoHistory("git is not installed.") from None
    except subprocess.CalledProcessError as error:
        raise NoHistory(
            f"This checkout has no commit {COMMIT[:10]}; clone the repository with its history "
            f"({error.stderr.decode().strip()})."
        ) from None
    directory.mkdir(parents=True)
    subprocess.run(["tar", "-x", "-C", str(directory)], input=archive, check=True)
    return directory
