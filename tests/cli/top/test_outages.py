"""``top`` on a database that does not answer: the screen says so, goes on, and recovers."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.db import connection, transaction

from tests.cli.top.driver import Drive, Driver
from tests.support.rows import a_job
from tests.support.sql import ask

pytestmark = pytest.mark.django_db(transaction=True)

END = """
SELECT count(pg_terminate_backend(pid))
FROM pg_stat_activity
WHERE datname = %s AND application_name = 'pgjobs top'
"""


@contextmanager
def no_connections() -> Iterator[None]:
    """End the connection of the screen, and refuse all connections meanwhile."""
    server, name = os.environ["DATABASE_URL"], connection.settings_dict["NAME"]
    ask(server, f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
    try:
        ask(server, END, name)
        yield
    finally:
        ask(server, f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true')


def test_an_outage_is_shown_and_the_screen_recovers(drive: Drive) -> None:
    a_job(queue_name="low")

    async def script(driver: Driver) -> None:
        await driver.until_shown("low", "in 0.0/s")
        with no_connections():
            await driver.until_shown("PostgreSQL does not answer:", "low")
            await driver.press("2")
            await driver.until_shown("silent for")
            await driver.press("1")
        await driver.until(lambda: "does not answer" not in driver.text)
        await driver.until_shown("low", "in 0.0/s")

    drive(script)


def test_a_look_that_waits_for_a_lock_leaves_the_keys_alive(drive: Drive) -> None:
    a_job(queue_name="low")

    async def script(driver: Driver) -> None:
        await driver.until_shown("low")
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("LOCK TABLE pgjobs_worker")
            await driver.until_shown("PostgreSQL has not answered for ")
            await driver.press("3")
            await driver.until_shown("running for")
            await driver.press("1")
        await driver.until_shown("low")
        await driver.until(lambda: "not answer" not in driver.text)

    drive(script)
