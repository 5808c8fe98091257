"""The database's bad days: a worker waits, comes back by itself, and loses no outcome."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
from django.db import connection

from pgjobs.models import Job, WorkerProcess
from tests import traces
from tests.eventually import eventually
from tests.sql import query
from tests.testapp.jobs import Held, Tracing, WaitingForFile
from tests.worker_process import RunningWorker

Environment = dict[str, str]
PATIENCE = 30
OURS = "application_name LIKE 'pgjobs %%'"


def has_status(job: Job, status: str) -> bool:
    return Job.objects.filter(pk=job.pk, status=status).exists()


def connections_of_the_worker() -> dict[int, str]:
    rows = query(
        "SELECT pid, application_name FROM pg_stat_activity "
        "WHERE datname = current_database() AND application_name LIKE 'pgjobs %%'"
        if False
        else "SELECT pid, application_name FROM pg_stat_activity "
        "WHERE datname = current_database() AND starts_with(application_name, 'pgjobs ')"
    )
    return {row["pid"]: row["application_name"] for row in rows}
