"""A site that includes the addresses of the metrics, with a token."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import pytest
from django.db import connection

from tests.support.requirements import skip_or_fail
from tests.support.sql import query

TOKEN: Final = "4hV0-a-token-that-nobody-guesses"


@pytest.fixture(autouse=True)
def site(settings: Any) -> None:
    settings.ROOT_URLCONF = "tests.metrics.urls"
    settings.PGJOBS = {**settings.PGJOBS, "METRICS_TOKEN": TOKEN}


@pytest.fixture(autouse=True)
def no_statistics(db: None) -> None:
    """Forget the counts of tests that commit."""
    for table in ("ends", "statistics", "failure_statistics"):
        query(f"DELETE FROM pgjobs_{table}")


@pytest.fixture
def database_away(transactional_db: None) -> Iterator[None]:
    """Let Django's connection find no server."""
    connection.close()
    host = connection.settings_dict["HOST"]
    connection.settings_dict["HOST"] = "/nonexistent"
    yield
    connection.close()
    connection.settings_dict["HOST"] = host


def pytest_collect_file(file_path: Any) -> None:
    """Skip this folder where the extra is not installed."""
    try:
        import prometheus_client  # noqa: F401
    except ImportError:
        skip_or_fail("prometheus_client is not installed: pip install 'django-pgjobs[prometheus]'")
