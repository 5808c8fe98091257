"""The test suite's settings behind a pooler, as docs/pgbouncer.md wants them."""

from __future__ import annotations

import os

import dj_database_url

from tests.settings import *  # noqa: F403
from tests.settings import DATABASES as DATABASES_OF_TESTS

DATABASES = {
    "default": {**DATABASES_OF_TESTS["default"], "DISABLE_SERVER_SIDE_CURSORS": True},
    "direct": {**dj_database_url.parse(os.environ["DIRECT_URL"])},
}
