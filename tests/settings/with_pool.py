"""The test suite's settings with a pool of connections in each process."""

from __future__ import annotations

from tests.settings import *  # noqa: F403
from tests.settings import DATABASES as DATABASES_OF_TESTS

DATABASES = {
    "default": {
        **DATABASES_OF_TESTS["default"],
        "OPTIONS": {"pool": {"min_size": 1, "max_size": 4}},
    }
}
