"""The processes of a worker with ``--preload``, and projects that do odd things while they load."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from pgjobs.models import WorkerProcess
from tests.support.environment import Environment
from tests.support.eventually import eventually
from tests.support.processes import children_of
from tests.support.worker_process import SupervisedWorker

IN_ZYGOTE: Final = "import os\nif 'PGJOBS_ZYGOTE' in os.environ:\n    "
"""The beginning of a module, for a line that only the zygote runs."""


def name_of(pid: int) -> str:
    """Return the name of a process; "" if it has ended."""
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip()
    except OSError:
        return ""


def zygotes_of(worker: SupervisedWorker) -> list[int]:
    """Return the processes that have loaded the project, dead ones that nobody reaps included."""
    return [pid for pid in children_of(worker.process.pid) if name_of(pid) == "pgjobs-zygote"]


def zygote_of(worker: SupervisedWorker) -> int:
    """Wait for the process that has loaded the project; return its id."""
    return eventually(lambda: zygotes_of(worker), timeout=60)[0]


def workers(count: int) -> list[int]:
    """Wait for so many living workers; return their process ids."""

    def found() -> list[int]:
        pids = list(WorkerProcess.objects.filter(stopped=None).values_list("pid", flat=True))
        return pids if len(pids) == count else []

    return eventually(found, timeout=60)


def with_jobs_module(environment: Environment, folder: Path, code: str) -> Environment:
    """Return ``environment`` with an app ``odd`` in ``folder``, whose module ``jobs`` is ``code``.

    Each process of a worker loads the module with the project.
    """
    app = folder / "odd"
    app.mkdir(exist_ok=True)
    (app / "__init__.py").touch()
    (app / "jobs.py").write_text(code)
    path = os.pathsep.join([environment["PYTHONPATH"], str(folder)])
    return {**environment, "EXTRA_APPS": "odd", "PYTHONPATH": path}
