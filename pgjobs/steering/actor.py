"""The actor of an action, and the surface."""

from __future__ import annotations

import getpass
import os
from dataclasses import dataclass
from typing import Any, Final, Self

from pgjobs.models import JournalEntry

Surface = JournalEntry.Surface

_LONGEST_NAME = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """A person or a program, as the journal names it."""

    who: str
    surface: str
    user_key: str = ""
    """The key of the user of the project, or empty."""

    @classmethod
    def command(cls) -> Self:
        """Return the user of the system that runs ``manage.py``."""
        return cls(who=f"manage.py by {_system_user()}"[:_LONGEST_NAME], surface=Surface.COMMAND)

    @classmethod
    def user(cls, user: Any, surface: str = Surface.ADMIN) -> Self:
        """Return a user of the project on a page or over REST."""
        name = user.get_username().replace("\0", "")
        return cls(who=name[:_LONGEST_NAME], surface=surface, user_key=str(user.pk)[:255])

    @classmethod
    def python(cls, who: str) -> Self:
        """Return a program of the project, by a name of its own."""
        return cls(who=who[:_LONGEST_NAME], surface=Surface.PYTHON)


UNNAMED: Final = Actor.python("Python")
"""A program of the project that gives no name."""


def _system_user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container may have a number and no name
        return f"uid {os.getuid()}"
