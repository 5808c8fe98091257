"""An app that does more than it should while Django is set up."""

from __future__ import annotations

import io
import os
import resource
import subprocess
import sys
import time

from django.apps import AppConfig
from django.db import connection


class StartingConfig(AppConfig):
    """Does the act that STARTING names, mostly in a fork server only."""

    name = "tests.apps.starting"

    def ready(self) -> None:
        from pgjobs.worker.job_processes.forking import FORK_SERVER

        what, _, amount = os.environ.get("STARTING", "").partition(":")
        if what == "replaces stderr":
            sys.stderr = io.StringIO()
        elif what == "queries":
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1")
        elif FORK_SERVER in os.environ and what == "sleeps":
            time.sleep(float(amount))
        elif FORK_SERVER in os.environ and what == "limits files":
            free = os.open(os.devnull, os.O_RDONLY)
            os.close(free)
            resource.setrlimit(resource.RLIMIT_NOFILE, (free + int(amount),) * 2)
        elif FORK_SERVER in os.environ and what == "starts a program":
            os.environ["PROGRAM"] = str(subprocess.Popen(["sleep", "600"]).pid)
