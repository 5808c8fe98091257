"""A project with settings of its own, that lives for a while beside a worker."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.support.environment import Environment
from tests.support.warm_process import WarmProcess
from tests.support.worker_process import RunningWorker

_LIVE = "import django; django.setup()\nfrom tests.support.everyday import live; live()"


def with_variant(environment: Mapping[str, str], **variant: Any) -> Environment:
    """Return ``environment`` for a child with these changes: see ``tests/settings/variant.py``."""
    changed = {"DJANGO_SETTINGS_MODULE": "tests.settings.variant", "VARIANT": json.dumps(variant)}
    return {**environment, **changed}


def ended(environment: Environment, *command: str, code: str | None = None) -> tuple[int, str]:
    """Run a command of Django, or some code, to its end; return its exit code and its output."""
    with tempfile.TemporaryDirectory() as directory:
        said = Path(directory) / "said"
        with (
            said.open("w") as output,
            WarmProcess(environment, *command, code=code, output=output.fileno()) as process,
        ):
            return process.wait(180), said.read_text()


def live_beside_a_worker(environment: Environment) -> None:
    """Use every surface once. Raises AssertionError where something does not work."""
    with RunningWorker(environment, "-c", "2") as worker:
        code, said = ended(environment, code=_LIVE)
        assert code == 0, f"{worker.output}\n{said}"
        assert worker.stop() == 0, worker.output
