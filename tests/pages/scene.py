"""A table with something for every page, and the address of each page."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.urls import reverse
from django.utils import timezone

from pgjobs.choices import JobStatus
from pgjobs.models import JobLogEntry, Pause, Schedule
from pgjobs.pages.urls import ADDRESSES
from pgjobs.steering.actor import Actor, Surface
from pgjobs.steering.journal import note
from tests.apps.testapp.jobs import AboutObject, Charging, Noop
from tests.support.moments import ago
from tests.support.rows import a_failure, a_job, a_site, a_worker, tell_sql

ACTIONS = frozenset(
    {
        "jobs-confirm",
        "jobs-act",
        "jobs-save",
        "jobs-view",
        "job-cancel",
        "job-retry",
        "pause",
        "resume",
        "drain",
        "restart",
        "run-schedule",
        "switch-off",
        "switch-on",
        "edit-schedule",
        "take-back",
        "stop-action",
        # A browser stores its answer as a file.
        "job-log",
    }
)
"""The addresses that answer a POST alone."""
PARTS = frozenset({"doctor-banner", "jobs-export", "job-log"})
"""The addresses that answer with a part of a page, or with a file."""


class Scene:
    """Rows in every state."""

    def __init__(self) -> None:
        tell_sql()
        self.worker = a_worker(name="worker-1", queues=["high", "default"])
        self.jobs = [
            a_job(status, worker=self.worker, name=f"Synchronise site {number}")
            for number, status in enumerate(JobStatus)
        ]
        self.failed = a_job(
            "errored",
            error="ConnectionError: timed out\nand more",
            errors=[a_failure(attempt=1), a_failure(attempt=2)],
            kwargs={"invoice": "INV-1", "lines": [1, 2, {"deep": True}]},
            worker=self.worker,
            attempt=2,
            max_attempts=2,
        )
        self.about = AboutObject.enqueue(a_site())
        for level in ("debug", "info", "warning", "error"):
            JobLogEntry.objects.create(
                job=self.failed, timestamp=timezone.now(), level=level, message=f"said at {level}"
            )
        self.schedule = Schedule.objects.create(
            job_class=Noop.path, interval=3600, next_run=ago(hours=-1), last_job=self.failed
        )
        Pause.objects.pause(queue="low")
        actor = Actor(who="ann", surface=Surface.ADMIN)
        self.entry = note("retry", by=actor, jobs=[self.failed.pk])

    def arguments(self, name: str) -> list[Any]:
        """Return the arguments of an address by its name."""
        if name == "enqueue-class":
            return [Charging.path]
        if name == "queue":
            return ["default"]
        if name in ("worker", "drain", "restart"):
            return [self.worker.pk]
        if name == "entry":
            return [self.entry.pk]
        if name.startswith("job-") or name == "job":
            return [self.failed.pk]
        return [self.schedule.pk]

    def query(self, name: str) -> str:
        """Return the query string of an address by its name."""
        if name.endswith(("failure", "-failures")):
            return f"?class={Noop.path}&exception=builtins.ValueError&frame="
        return "?numbers=1&q=said" if name in ("overview", "logs") else ""


def addresses(scene: Scene, namespace: str, names: Collection[str] = ()) -> list[str]:
    """Return the address of each page that answers a GET, or of those with these names."""
    return [
        reverse(
            f"{namespace}:{each.name}",
            args=scene.arguments(each.name) if "<" in each.route else [],
        )
        + scene.query(each.name)
        for each in ADDRESSES
        if each.name not in ACTIONS | PARTS and (each.name in names or not names)
    ]
