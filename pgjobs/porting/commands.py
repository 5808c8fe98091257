"""Commands of the old systems in shells, containers and services, and the commands of pgjobs."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from pgjobs.porting.finding import Level
from pgjobs.porting.system import Command

MANAGE: Final = r"(?P<manage>(?:[^\s=]*python[\d.]* )?[^\s=]*(?:manage\.py|django-admin)) "
"""How a management command is called, in front of its name."""


def command(
    pattern: str,
    new: str | Callable[[re.Match[str]], str],
    why: str = "",
    level: Level = Level.CHANGE,
) -> Command:
    """Return the rule for a command whose words match ``pattern``."""
    make = new if callable(new) else lambda _: new
    return Command(re.compile(pattern), make, why, level)


def worker(queues: str = "", *options: str) -> str:
    """Return the command of a worker for queues that are separated by commas or spaces."""
    named = [each for each in re.split(r"[,\s]+", queues) if each]
    return " ".join(["pgjobs_worker", *named, *(each for each in options if each)])


def option(text: str, *names: str) -> str:
    """Return the value of an option among the words of a command, or an empty string."""
    for name in names:
        glued = r"(?:[= ]|(?=\d))" if len(name) == 2 else "[= ]"
        if match := re.search(rf"(?:^|\s){re.escape(name)}{glued}(\S+)", text):
            return match[1]
    return ""


def flag(text: str, new: str, *names: str) -> str:
    """Return the option ``new`` with the value that one of ``names`` has, or an empty string."""
    value = option(text, *names)
    return f"{new} {value}" if value else ""
