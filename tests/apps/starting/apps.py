"""An app that does more than it should while Django is set up."""

from __future__ import annotations

import os
import subprocess
import time

from django.apps import AppConfig
from django.db import connection


class StartingConfig(AppConfig):
    """Does what STARTING names. It slows down and starts programs in a fork server only."""

    name = "tests.apps.starting"

    def ready(self) -> None:
        from pgjobs.worker.job_processes.forking import FORK_SERVER

        what, _, seconds = os.environ.get("STARTING", "").partition(":")
        if what == "queries":
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1")
        elif FORK_SERVER in os.environ and what == "sleeps":
            time.sleep(float(seconds))
        elif FORK_SERVER in os.environ and what == "starts a program":
            os.environ["PROGRAM"] = str(subprocess.Popen(["sleep", "600"]).pid)
