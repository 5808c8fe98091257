"""Plain procrastinate tasks, for workers that are started with this app."""

from __future__ import annotations

import time

from django.db import connection, transaction
from procrastinate.contrib.django import app

from tests.apps.testapp.jobs import leave_trace
from tests.apps.testapp.models import Trace


@app.task(queue="default")
def trace(label: str) -> None:
    leave_trace(label)


@app.task(queue="default")
def held() -> None:
    leave_trace("started")
    while not Trace.objects.filter(label="release").exists():
        time.sleep(0.02)
    leave_trace("ended")


@app.task(queue="default")
def leave_a_transaction_open() -> None:
    transaction.set_autocommit(False)
    connection.cursor().execute("SELECT 1")
