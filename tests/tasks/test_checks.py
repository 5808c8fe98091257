"""The checks of ``TASKS``."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any, Final

import pytest
from django.core.checks import CheckMessage
from django.core.exceptions import ImproperlyConfigured
from django.test import override_settings

from pgjobs.backends import PgJobsBackend
from pgjobs.tasks import task
from pgjobs.tasks.framework import InvalidTask
from tests.support.environment import environment_of
from tests.support.functions import new_function
from tests.support.whole_project import ended, with_variant

ENTRY: Final = {"BACKEND": "pgjobs.backends.PgJobsBackend"}


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


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"timeout": "soon"}, "timeout must be a whole number of seconds"),
        ({"max_attempts": 0}, "max_attempts must be"),
        ({"on_interrupt": "stop"}, "on_interrupt must be 'requeue' or 'error'"),
        ({"isolation": "thread", "memory_limit": 5}, "memory_limit limits the process"),
    ],
)
def test_a_wrong_value_of_an_option_is_an_error_of_the_entry(
    options: dict[str, Any], words: str
) -> None:
    (error,) = problems(OPTIONS=options)
    assert error.id == "pgjobs.E022"
    assert error.msg.startswith("TASKS['default']['OPTIONS']: ")
    assert words in error.msg

    with (
        override_settings(TASKS={"default": {**ENTRY, "OPTIONS": options}}),
        pytest.raises(InvalidTask, match=r"^TASKS\['default'\]\['OPTIONS'\]: "),
    ):
        task(new_function())


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"QUEUES": None}, "QUEUES'] must be a list of queues, such as ['default'], not None"),
        ({"QUEUES": "low"}, "QUEUES'] must be a list of queues, such as ['default'], not 'low'"),
        ({"OPTIONS": None}, "OPTIONS'] must be a dict of options, not None"),
        ({"OPTIONS": ["timeout"]}, "OPTIONS'] must be a dict of options, not ['timeout']"),
    ],
)
def test_an_entry_that_django_can_not_read_is_refused_in_words(
    params: dict[str, Any], words: str
) -> None:
    with pytest.raises(ImproperlyConfigured) as refusal:
        problems(**params)
    assert words in str(refusal.value)


def test_check_reads_tasks_where_the_app_of_the_backport_is_not_installed() -> None:
    entry = {**ENTRY, "QUEUES": ["default", "hihg"]}
    environment = environment_of(os.environ["DATABASE_URL"])
    code, said = ended(with_variant(environment, settings={"TASKS": {"default": entry}}), "check")
    assert (code, "pgjobs.E021" in said) == (1, True), said


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
