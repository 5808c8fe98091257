"""The open files behind descriptors.

A job may close all descriptors of its process, and open other files under their numbers. What the
engine then writes to such a number would stand in a file of the job.
"""

from __future__ import annotations

import errno
import os
from typing import Final

_SPARE: Final = 8
"""Descriptors that the process of an isolated job takes; a connection takes two."""


def may_open_few(descriptor: int) -> bool:
    """Return whether this process may open fewer files than a worker needs to go on.

    ``descriptor`` is any open one.
    """
    opened: list[int] = []
    try:
        while len(opened) < _SPARE:
            opened.append(os.dup(descriptor))
    except OSError as error:
        return error.errno == errno.EMFILE
    finally:
        for each in opened:
            os.close(each)
    return False


def file_of(descriptor: int) -> tuple[int, int] | None:
    """Return the identity of the open file; None if there is none."""
    try:
        status = os.fstat(descriptor)
    except OSError:
        return None
    return status.st_dev, status.st_ino
