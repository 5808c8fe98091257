"""A database of any locale: what is the same letter to Python is the same to the SQL functions."""

from __future__ import annotations

import pytest

from tests.apps.testapp.jobs import Noop
from tests.support.environment import environment_of, with_apps
from tests.support.sql import ask, ask_for_one
from tests.support.turkish import turkish_database
from tests.support.warm_process import WarmProcess
from tests.support.whole_project import live_beside_a_worker


def test_a_project_with_a_turkish_database_lives(monkeypatch: pytest.MonkeyPatch) -> None:
    with turkish_database(monkeypatch) as url:
        assert ask_for_one(url, "SELECT lower('SITE')") == "s\N{LATIN SMALL LETTER DOTLESS I}te"
        environment = with_apps(environment_of(url), "clockapp")
        with WarmProcess(environment, "migrate", "--run-syncdb", "-v", "0", output=2) as migrating:
            assert migrating.wait(300) == 0
        live_beside_a_worker(environment)
        for name in ("testapp.site:7", "testapp.Site:7", "testapp.SITE:7"):
            job = ask_for_one(url, "SELECT pgjobs_enqueue(%s, object => %s)", Noop.path, name)
            shown = ask(url, "SELECT object FROM pgjobs_jobs WHERE id = %s", job)
            assert shown == [("testapp.site:7",)]
