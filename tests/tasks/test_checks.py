"""The checks of ``TASKS``."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

from django.core.checks import CheckMessage

from pgjobs.backends import PgJobsBackend


def problems(**params: Any) -> list[CheckMessage]:
    backend = PgJobsBackend("default", {"BACKEND": "pgjobs.backends.PgJobsBackend", **params})
    return backend.check()


def test_a_sound_backend_has_no_problem() -> None:
    assert problems() == []
    assert problems(QUEUES=[], OPTIONS={"timeout": 3}) == []


def test_an_unknown_queue_of_the_backend_is_an_error() -> None:
    (error,) = problems(QUEUES=["default", "hihg"])
    assert (error.id, "Did you mean high?" in error.msg) == ("pgjobs.E021", True)


def test_an_unknown_option_of_the_backend_is_an_error() -> None:
    (error,) = problems(OPTIONS={"timout": 3})
    assert (error.id, "Did you mean timeout?" in error.msg) == ("pgjobs.E022", True)


def test_a_backend_without_pgjobs_is_an_error() -> None:
    script = (
        "from django.conf import settings; import django; settings.configure();"
        "django.setup(); from pgjobs.backends import PgJobsBackend;"
        "print([error.id for error in PgJobsBackend('default', {}).check()])"
    )
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert ran.stdout == "['pgjobs.E020']\n"


def test_settings_that_can_not_be_read_are_left_to_their_own_check(settings: Any) -> None:
    settings.PGJOBS = {"CONCURRENCY": "four"}
    assert problems(QUEUES=["default", "hihg"]) == []
    (error,) = problems(OPTIONS={"timout": 3})
    assert error.id == "pgjobs.E022"
