"""The start commands, the probes and the stop signals of the deployments, as plain processes."""

from __future__ import annotations

import configparser
import json
import shlex
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml

from pgjobs import stats
from tests.support.environment import Environment
from tests.support.eventually import eventually
from tests.support.markdown import DOCS

OPERATIONS = DOCS / "operations"
ALIVE = "/tmp/alive"


def unit() -> Any:
    parser = configparser.ConfigParser(strict=False, interpolation=None)
    parser.optionxform = str  # type: ignore[assignment, method-assign]
    parser.read(OPERATIONS / "pgjobs-worker.service")
    return parser["Service"]


def container() -> Any:
    deployment, _migrating = yaml.safe_load_all((OPERATIONS / "deployment.yaml").read_text())
    (worker,) = deployment["spec"]["template"]["spec"]["containers"]
    return worker


def command_of_image() -> list[str]:
    lines = (OPERATIONS / "Dockerfile").read_text().splitlines()
    (command,) = [line.removeprefix("CMD ") for line in lines if line.startswith("CMD ")]
    return [str(word) for word in json.loads(command)]


COMMANDS = {
    "systemd": shlex.split(unit()["ExecStart"]),
    "image": command_of_image(),
    "kubernetes": container()["args"],
}


@pytest.mark.parametrize("name", COMMANDS)
def test_a_start_command_starts_a_worker_that_a_probe_finds_and_sigterm_ends(
    child_environment: Environment, tmp_path: Path, name: str
) -> None:
    alive = tmp_path / "alive"
    command = COMMANDS[name]
    assert Path(command[0]).name == "python"
    assert command[1] == "manage.py"
    arguments = [word.replace(ALIVE, str(alive)) for word in command[2:]]
    started = [sys.executable, "-m", "django", *arguments]
    with subprocess.Popen(started, env=child_environment) as worker:
        try:
            eventually(lambda: [each for each in stats.workers() if each.alive])
            if ALIVE in command:
                eventually(alive.exists)
                assert probe(container()["livenessProbe"]["exec"]["command"], alive) == 0
            worker.send_signal(signal.SIGTERM)
            assert worker.wait(40) == 0
        finally:
            worker.kill()


def probe(command: Sequence[str], alive: Path) -> int:
    return subprocess.run([word.replace(ALIVE, str(alive)) for word in command]).returncode


def test_the_probe_fails_without_a_fresh_file(tmp_path: Path) -> None:
    assert probe(container()["livenessProbe"]["exec"]["command"], tmp_path / "alive") != 0


def test_the_unit_reloads_by_the_signal_that_the_worker_knows() -> None:
    assert unit()["ExecReload"] == "/bin/kill -USR1 $MAINPID"
    assert unit()["KillMode"] == "mixed"
