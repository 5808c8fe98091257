"""`manage.py pgjobs port --schedules` writes the schedules of real tables as system jobs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.environment import ROOT, Environment, environment_of
from tests.support.fresh_database import fresh_database

EXPECTED = Path(__file__).parent / "expected" / "schedules.py.txt"


def run(environment: Environment, *words: str, code: int = 0) -> str:
    ran = subprocess.run(
        [sys.executable, *words], env=environment, capture_output=True, text=True, cwd=ROOT
    )
    assert ran.returncode == code, ran.stderr
    return ran.stdout


SETTINGS = "tests.porting.kept.settings"


@pytest.fixture(scope="module")
def empty() -> Iterator[str]:
    """The URL of a database with all tables and no schedules."""
    with fresh_database() as url:
        run(environment_of(url, settings=SETTINGS), "-m", "django", "migrate", "--verbosity", "0")
        yield url


@pytest.fixture(scope="module")
def kept(empty: str) -> Iterator[Environment]:
    """The environment of a project whose tables have schedules."""
    with fresh_database(template=empty) as url:
        environment = environment_of(url, settings=SETTINGS)
        run(environment, "-m", "tests.porting.kept.plant")
        yield environment


def test_the_schedules_are_written_as_code(kept: Environment) -> None:
    written = run(kept, "-m", "django", "pgjobs", "port", "--schedules", code=1)

    if "REWRITE_EXPECTED" in os.environ:
        EXPECTED.write_text(written)
    assert written == EXPECTED.read_text()


def test_the_code_declares_the_same_rules_and_calls_the_same_functions(
    kept: Environment,
) -> None:
    found = json.loads(run(kept, "-m", "tests.porting.kept.look", str(EXPECTED)))

    assert found == {
        "nightly_digest": ["15 3 * * *", "send", [7, "é", None], {"full": True}],
        "each_10_minutes": [10, "tidy", [], {}],
        "every_90_s": [2, "tidy", [], {}],
        "two_days": [2880, "tidy", [], {}],
        "run_class": [180, "send", [], {"class": 1}],
        "in_oslo": ["0 */4 * * *", "tidy", [], {}],
        "both": ["0 4 1 * mon", "tidy", [], {}],
        "q_minutes": [5, "tidy", [], {}],
        "q_hourly": [60, "tidy", [], {}],
        "q_daily": ["15 5 * * *", "tidy", [], {}],
        "q_weekly": ["15 5 * * 5", "tidy", [], {}],
        "q_sunday": ["15 5 * * 0", "tidy", [], {}],
        "run_class_2": [7, "tidy", [], {}],
        "q_biweekly": [20160, "tidy", [], {}],
        "q_monthly": ["15 5 31 * *", "tidy", [], {}],
        "q_bimonthly": ["15 5 1 1,3,5,7,9,11 *", "tidy", [], {}],
        "q_quarterly": ["15 5 1 1,4,7,10 *", "tidy", [], {}],
        "q_yearly": ["15 5 1 7 *", "tidy", [], {}],
        "q_named_rule": ["0 0 * * *", "tidy", [], {}],
        "q_cron": ["*/20 6-18 * * 1-5", "tidy", [], {}],
        "q_args": [60, "send", [1, "two"], {"x": 3, "y": "z"}],
        "q_dict": [60, "send", ["one"], {"x": [1]}],
    }


def test_json_has_each_schedule_with_its_notes(kept: Environment) -> None:
    words = ("-m", "django", "pgjobs", "port", "--schedules", "--json")
    rows = {row["name"]: row for row in json.loads(run(kept, *words, code=1))}

    assert len(rows) == 35
    assert rows["off"]["is_enabled"] is False
    assert rows["q once"]["once_at"] == "2026-07-31T03:15:00+00:00"
    assert rows["each 10 minutes"]["interval"] == 10
    assert rows["in Oslo"]["notes"] == [
        "Its time zone was Europe/Oslo, and cron goes by TIME_ZONE: Europe/Berlin."
    ]
    for name in ("not a number", "deep", "q unhashable", "q unpacked"):
        assert rows[name]["is_readable"] is False
        assert len(rows[name]["notes"][0]) < 600
    assert rows["for ever"]["interval"] == 0
    assert rows["once with a place"]["args"] == [7]
    assert "celery.backend_cleanup" not in rows
    assert "q ended" not in rows


def test_empty_tables_have_nothing_to_write(empty: str) -> None:
    environment = environment_of(empty, settings=SETTINGS)

    assert run(environment, "-m", "django", "pgjobs", "port", "--schedules") == ""


def test_tables_that_are_not_there_are_told() -> None:
    with fresh_database() as url:
        environment = environment_of(url, settings=SETTINGS)
        ran = subprocess.run(
            [sys.executable, "-m", "django", "pgjobs", "port", "--schedules"],
            env=environment,
            capture_output=True,
            text=True,
            cwd=ROOT,
        )

    assert ran.returncode == 1
    assert 'relation "django_celery_beat_periodictask" does not exist' in ran.stderr
