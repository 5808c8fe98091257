"""Models that jobs are about. The app has no migrations, so its tables are made before any
migration runs: no model may refer to an app that has migrations."""

from __future__ import annotations

import uuid

from django.db import models

from pgjobs.models import JobsMixin


class Site(JobsMixin):
    """A model with an integer key."""

    name = models.CharField(max_length=100)

    def __str__(self) -> str:
        return self.name


class Device(JobsMixin):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    name = models.CharField(max_length=100)

    def __str__(self) -> str:
        return self.name


class Country(JobsMixin):
    code = models.CharField(max_length=255, primary_key=True)

    def __str__(self) -> str:
        return self.code


class Note(models.Model):
    """A model without JobsMixin: no job may be about it."""

    text = models.CharField(max_length=100)

    def __str__(self) -> str:
        return self.text


class PinnedNote(JobsMixin, Note):
    """A proxy that jobs can be about, of a model that they can't be about."""

    class Meta:
        proxy = True


class Room(JobsMixin):
    name = models.CharField(max_length=100)


class Lab(Room):
    class Meta:
        proxy = True


class Trace(models.Model):
    """A mark that a job leaves behind, for tests in another process to see."""

    label = models.CharField(max_length=200)
    job_id = models.BigIntegerField(null=True)
    pid = models.IntegerField(null=True)
    at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.label
