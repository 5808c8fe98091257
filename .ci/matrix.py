#!/usr/bin/env python3
"""Print each supported Python and the Django that is tested on it, the newest Python first.

A line reads `3.13 6.1`. The versions come from the table `tool.pgjobs.matrix` in pyproject.toml.
"""

from __future__ import annotations

import tomllib
from pathlib import Path

PROJECT = Path(__file__).parent.parent / "pyproject.toml"

matrix = tomllib.loads(PROJECT.read_text())["tool"]["pgjobs"]["matrix"]
for python, django in reversed(matrix["django_on_python"].items()):
    print(python, django)
