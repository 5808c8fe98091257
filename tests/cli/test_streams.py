"""The verbs on streams that end or lack characters, and on databases that do not answer."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from django.db import connection

from tests.support.environment import Environment, environment_of
from tests.support.fresh_database import fresh_database
from tests.support.rows import a_job

pytestmark = pytest.mark.django_db(transaction=True)


def manage(environment: Environment, words: str) -> subprocess.CompletedProcess[str]:
    """Run a verb, and what a shell puts behind it, in processes of their own."""
    return subprocess.run(
        f"{sys.executable} -m django pgjobs {words}",
        shell=True,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_reader_that_wants_no_more_is_no_error(child_environment: Environment) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO pgjobs_job (job_class, name, queue_name) "
            "SELECT 'a.b', repeat('a', 50), 'low' FROM generate_series(1, 2000)"
        )
    for words in ("list --limit 2000", "list --limit 2000 --json"):
        ran = manage(child_environment, f"{words} | head -c 1")
        assert (len(ran.stdout), ran.stderr) == (1, "")


def test_a_character_that_the_stream_lacks_is_escaped(child_environment: Environment) -> None:
    job = a_job(name="Zürich ☃")
    environment = {**child_environment, "PYTHONIOENCODING": "latin-1"}

    assert r"Z\xfcrich \u2603" in manage(environment | {"PYTHONIOENCODING": "ascii"}, "list").stdout
    ran = manage(environment, f"show {job.pk} --json")
    assert json.loads(ran.stdout)["name"] == "Zürich ☃"


def test_a_database_without_tables_is_told_in_one_line() -> None:
    with fresh_database() as url:
        ran = manage(environment_of(url), "list")

    assert (ran.returncode, ran.stdout) == (1, "")
    assert ran.stderr.startswith('CommandError: PostgreSQL refuses: relation "pgjobs_job"')
    assert len(ran.stderr.splitlines()) == 1
