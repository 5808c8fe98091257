"""Prints the system jobs of the module that `port --schedules` has written, and what they call."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from types import ModuleType

import django

django.setup()

from pgjobs.jobs.system import system_jobs  # noqa: E402
from tests.porting.kept.tasks import calls  # noqa: E402

written = ModuleType("written")
sys.modules["written"] = written
exec(compile(Path(sys.argv[1]).read_text(), "written.py", "exec"), written.__dict__)

found = {}
for path, job in system_jobs().items():
    if path.startswith("written."):
        calls.clear()
        job.target()
        minutes = job.interval.total_seconds() / 60 if job.interval else None
        found[path.removeprefix("written.")] = [job.cron or minutes, *calls[0]]
sys.stdout.write(json.dumps(found))
