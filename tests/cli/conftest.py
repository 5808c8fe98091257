"""Running a verb of ``manage.py pgjobs`` as a script would."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, NamedTuple

import pytest
from django.core.management import CommandError, call_command


class Ran(NamedTuple):
    """The exit code and the output of a command."""

    code: int
    out: str
    errors: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@pytest.fixture
def pgjobs(capsys: pytest.CaptureFixture[str]) -> Callable[..., Ran]:
    def run(*words: object) -> Ran:
        code, message = 0, ""
        try:
            call_command("pgjobs", *map(str, words))
        except CommandError as error:
            code, message = error.returncode, str(error)
        except SystemExit as end:
            code = int(end.code or 0)
        captured = capsys.readouterr()
        return Ran(code, captured.out, captured.err + message)

    return run


@pytest.fixture
def nothing_of_other_tests(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the doctor pass over what other tests leave in this database and in this process.

    That is any number of dead rows, also in indexes, and job classes that are defined twice.
    """
    from pgjobs.doctor import indexes, server

    monkeypatch.setattr(server, "_MANY_DEAD", 10**9)
    monkeypatch.setattr(indexes, "_TOO_MUCH", 2**40)
    settings.SILENCED_SYSTEM_CHECKS = ["pgjobs.W007", "pgjobs.E008", "pgjobs.W009", "pgjobs.W015"]
