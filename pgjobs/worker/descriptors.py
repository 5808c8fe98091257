"""The open files behind descriptors.

A job may close all descriptors of its process, and open other files under their numbers. What the
engine then writes to such a number would stand in a file of the job.
"""

from __future__ import annotations

import os


def file_of(descriptor: int) -> tuple[int, int] | None:
    """Return the identity of the open file; None if there is none."""
    try:
        status = os.fstat(descriptor)
    except OSError:
        return None
    return status.st_dev, status.st_ino
