"""The plugin's counts of files and of their contents."""

from __future__ import annotations

from django.db import models

from inventory.models import DataFile, DataSource


class PythonFile(models.Model):
    """The number of classes, functions and lines of a Python file."""

    file = models.OneToOneField(
        DataFile, on_delete=models.CASCADE, related_name="python", primary_key=True
    )
    classes = models.PositiveIntegerField()
    functions = models.PositiveIntegerField()
    lines = models.PositiveIntegerField()

    def __str__(self) -> str:
        return str(self.file)


class FileType(models.Model):
    """The number and the size of the files of a source that have the same suffix."""

    source = models.ForeignKey(DataSource, on_delete=models.CASCADE, related_name="file_types")
    suffix = models.TextField(blank=True)
    files = models.PositiveIntegerField()
    size = models.PositiveBigIntegerField()

    class Meta:
        ordering = ("source", "-files")
        constraints = (
            models.UniqueConstraint(fields=["source", "suffix"], name="myplugin_filetype_once"),
        )

    def __str__(self) -> str:
        return self.suffix
