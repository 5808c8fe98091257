#!/usr/bin/env python
"""Django's command line for the example project."""

from __future__ import annotations

import os
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent


def main() -> None:
    # The checkout holds the package `example_project`. The packages in `apps` must be top-level,
    # like those of an installed plugin, because the plugin's name is the first part of its queues'
    # names.
    sys.path[:0] = [str(HERE.parent), str(HERE / "apps")]
    # Not setdefault(): the shell's environment may name the settings of another project.
    os.environ["DJANGO_SETTINGS_MODULE"] = "example_project.settings"
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
