"""One PostgreSQL for the whole run, and the way to it for child processes."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import quote, urlsplit

import pytest

from example_project.postgres import EmbeddedPostgres

ROOT = Path(__file__).parent.parent

pytest_plugins = ["tests.parallel"]


def pytest_configure(config: pytest.Config) -> None:
    """Start a server unless DATABASE_URL names one, then set Django up.

    An ini option DJANGO_SETTINGS_MODULE would make pytest-django load the settings before any
    conftest, hence before the server has an address; set up here, Django never knows another.
    Workers of pytest-xdist inherit the address from their controller.
    """
    if config.getoption("help") or config.getoption("version"):
        return
    if "DATABASE_URL" not in os.environ:
        # Each of pytest-xdist's workers may have some forty connections open.
        server = EmbeddedPostgres(settings={"max_connections": "500"})
        os.environ["DATABASE_URL"] = server.start()
        config.add_cleanup(server.stop)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    import django

    django.setup()


@pytest.fixture
def child_environment(transactional_db: None) -> dict[str, str]:
    """The environment in which a child process sees this test's database.

    Start it as `[sys.executable, "-m", "django", ...]`. It sees what is committed, which is why
    the fixture asks for a transactional test.
    """
    from django.db import connection

    url = urlsplit(os.environ["DATABASE_URL"])
    name = quote(str(connection.settings_dict["NAME"]), safe="")
    return {
        **os.environ,
        "DATABASE_URL": url._replace(path=f"/{name}").geturl(),
        "DJANGO_SETTINGS_MODULE": "tests.settings",
        "PYTHONPATH": str(ROOT),
    }
