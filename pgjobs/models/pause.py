"""Queues and job classes from which no worker claims."""

from __future__ import annotations

from typing import Any

from django.db import connections, models, router
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from pgjobs import queues
from pgjobs.models.moments import in_range
from pgjobs.registry.names import path_of, registered
from pgjobs.rows.rivalry import alone
from pgjobs.sql import load
from pgjobs.storable import is_storable


class PauseQuerySet(models.QuerySet["Pause"]):
    """Pausing and resuming. Workers see a change within a second. Running jobs go on."""

    def pause(self, *, queue: str | None = None, job_class: object = None) -> bool:
        """Stop the claiming from ``queue`` or of ``job_class``; return False if it was paused.

        Raises UnknownQueue for a queue that does not exist, LookupError for a job class that is
        not registered, and TypeError if neither or both are given.
        """
        subject = _subject(queue, job_class)

        def act() -> bool:
            # Not get_or_create(): it raises IntegrityError if the pause ends meanwhile.
            with connections[self._database].cursor() as cursor:
                cursor.execute(load("steering/pause"), subject)
                return cursor.fetchone() is not None

        return alone(self._database, act)

    @staticmethod
    def subject(*, queue: str | None = None, job_class: object = None) -> str:
        """Return the name of the queue or of the job class. Raises TypeError unless it is one."""
        return str(_named(queue, job_class)["name"])

    def resume(self, *, queue: str | None = None, job_class: object = None) -> bool:
        """Start the claiming again; return False if it was not paused.

        What is paused may be gone from the code. Any other unknown name is refused as by
        ``pause()``.
        """
        named, deleted = _named(queue, job_class), 0
        if is_storable(str(named["name"])):  # an argument of a command may be no UTF-8
            paused = self.filter(**named)
            deleted, _per_model = alone(self._database, paused.delete)
        if not deleted:
            _subject(queue, job_class)
        return bool(deleted)

    @property
    def _database(self) -> str:
        return self._db or router.db_for_write(self.model)  # type: ignore[attr-defined]


class Pause(models.Model):
    """One paused queue or job class. It stays paused until it is resumed, across restarts too."""

    class Kind(models.TextChoices):
        QUEUE = "queue", _("Queue")
        JOB_CLASS = "job_class", _("Job class")

    id = models.BigAutoField(primary_key=True)
    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices)
    name = models.CharField(_("name"), max_length=200)
    since = models.DateTimeField(_("since"), db_default=Now(), editable=False)

    objects = PauseQuerySet.as_manager()

    class Meta:
        verbose_name = _("pause")
        verbose_name_plural = _("pauses")
        ordering = ("kind", "name")
        permissions = (("manage_queues", _("Can pause and resume queues and job classes")),)
        constraints = (
            models.UniqueConstraint(fields=["kind", "name"], name="pgjobs_pause_subject"),
            models.CheckConstraint(
                name="pgjobs_pause_moment_in_range", condition=in_range("since")
            ),
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"


def _subject(queue: str | None, job_class: object) -> dict[str, Any]:
    """Return the columns that name the pause.

    A name that does not exist is refused: its pause would stop nothing, without a sign of that.
    """
    named = _named(queue, job_class)
    if queue is not None:
        queues.check_known([queue])
    elif named["name"] not in registered():
        raise LookupError(f"{named['name']!r} is not a registered job class.")
    return named


def _named(queue: str | None, job_class: object) -> dict[str, Any]:
    if (queue is None) == (job_class is None):
        raise TypeError("Name either a queue or a job class.")
    if queue is not None:
        return {"kind": Pause.Kind.QUEUE, "name": queue}
    path = job_class if isinstance(job_class, str) else path_of(job_class)
    return {"kind": Pause.Kind.JOB_CLASS, "name": path}
