"""One PostgreSQL for the whole run."""

from __future__ import annotations

import os
import tempfile

import pytest

from example_project.postgres import EmbeddedPostgres
from tests.support.prepared_cluster import DIRECTORY

pytest_plugins = [
    "tests.support.parallel",
    "tests.support.fixtures",
    "tests.support.browsing",
    "tests.support.sampling",
]


def pytest_configure(config: pytest.Config) -> None:
    """Start a server unless DATABASE_URL names one, then set Django up.

    An ini option DJANGO_SETTINGS_MODULE would make pytest-django load the settings before any
    conftest, hence before the server has an address. Set up here, Django knows this address from
    the start. Workers of pytest-xdist inherit it from their controller.
    """
    if config.getoption("help") or config.getoption("version"):
        return
    if "DATABASE_URL" not in os.environ:
        # Each of pytest-xdist's workers may have some forty connections open.
        server = EmbeddedPostgres(settings={"max_connections": "500"})
        os.environ["DATABASE_URL"] = server.start()
        config.add_cleanup(server.stop)
    if DIRECTORY not in os.environ:
        shared = tempfile.TemporaryDirectory(prefix="pgjobs-tests-", dir="/tmp")
        os.environ[DIRECTORY] = shared.name
        config.add_cleanup(shared.cleanup)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    import django

    django.setup()
