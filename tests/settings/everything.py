"""Every app of this repository, the example project's included: for tools that look at models and
never connect, such as mypy and `makemigrations --check`."""

from __future__ import annotations

import sys
from pathlib import Path

from example_project.settings import DEMO_DIR as DEMO_DIR
from tests.settings import *  # noqa: F403
from tests.settings import INSTALLED_APPS as APPS_OF_TESTS

sys.path.insert(0, str(Path(__file__).parent.parent.parent / "example_project" / "apps"))

INSTALLED_APPS = [*APPS_OF_TESTS, "inventory", "myplugin", "example_project.demo"]
