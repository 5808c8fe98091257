#!/usr/bin/env python3
"""Print the supported versions, from the table `tool.pgjobs.matrix` in pyproject.toml.

Without an argument, each Python and the Django that it is tested with, the newest Python first; a
line reads `3.13 6.1`. With `pairs`, each Python with each Django that it may have: those that are
tested with it or with an older Python. With `postgresql`, the oldest and the newest PostgreSQL.
"""

from __future__ import annotations

import sys
import tomllib
from pathlib import Path

PROJECT = Path(__file__).parent.parent / "pyproject.toml"

matrix = tomllib.loads(PROJECT.read_text())["tool"]["pgjobs"]["matrix"]
tested = list(matrix["django_on_python"].items())
match sys.argv[1:]:
    case []:
        for python, django in reversed(tested):
            print(python, django)
    case ["pairs"]:
        for number, (python, _) in enumerate(tested):
            for _, django in tested[: number + 1]:
                print(python, django)
    case ["postgresql"]:
        print(matrix["postgresql"][0], matrix["postgresql"][-1])
    case wrong:
        sys.exit(f"matrix.py takes nothing, pairs or postgresql, not {' '.join(wrong)}.")
