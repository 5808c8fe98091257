"""The ``PGJOBS`` settings: every name, type, default and unit.

Settings are read when they are used and never at import, so ``override_settings`` works. They are
read once, and kept until Django says that the setting has changed.
"""

from pgjobs.conf.kinds import LONGEST, LONGEST_RETENTION, MOST_SLOTS, SEPARATORS, are_patterns
from pgjobs.conf.reading import find_problems, get_settings
from pgjobs.conf.settings import Settings

__all__ = [
    "LONGEST",
    "LONGEST_RETENTION",
    "MOST_SLOTS",
    "SEPARATORS",
    "Settings",
    "are_patterns",
    "find_problems",
    "get_settings",
]
