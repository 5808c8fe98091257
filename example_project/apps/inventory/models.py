"""Directories and their files."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now

from pgjobs.models import JobsMixin


class DataSource(JobsMixin):
    """A directory; the inventory holds a row for each of its files."""

    name = models.CharField(max_length=200)
    path = models.TextField(unique=True)
    synced = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name


class DataFile(JobsMixin):
    """A file as the last sync found it; `path` is relative to the directory of the source."""

    source = models.ForeignKey(DataSource, on_delete=models.CASCADE, related_name="files")
    path = models.TextField()
    size = models.PositiveBigIntegerField()
    sha256 = models.CharField("SHA-256", max_length=64)
    updated = models.DateTimeField(db_default=Now(), help_text="When its content last changed")

    class Meta:
        ordering = ("source", "path")
        constraints = (
            models.UniqueConstraint(fields=["source", "path"], name="inventory_datafile_place"),
        )

    def __str__(self) -> str:
        return self.path
