#!/usr/bin/env python
"""Django's command line for the example project."""

from __future__ import annotations

import os
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent


def main() -> None:
    # The checkout, for the package `example_project`; and `apps`, whose packages are top-level as
    # an installed plugin's are: the plugin's name is the first part of its queues' names.
    sys.path[:0] = [str(HERE.parent), str(HERE / "apps")]
    # Not setdefault: another project's settings may stand in the shell's environment.
    os.environ["DJANGO_SETTINGS_MODULE"] = "example_project.settings"
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
