"""The test suite's settings without pages: an older release may lack the module of their URLs."""

from __future__ import annotations

from tests.settings import *  # noqa: F403

ROOT_URLCONF = "tests.side_by_side.urls"
