"""Models that jobs are about. The app has no migrations, so none of them may refer to an app
that has: its tables are made before any migration runs."""

from __future__ import annotations

import uuid

from django.db import models

from pgjobs.models import JobsMixin


class Site(JobsMixin):
    """With an integer key, as most."""

    name = models.CharField(max_length=100)

    def __str__(self) -> str:
        return self.name


class Device(JobsMixin):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    name = models.CharField(max_length=100)

    def __str__(self) -> str:
        return self.name


class Country(JobsMixin):
    code = models.CharField(max_length=2, primary_key=True)

    def __str__(self) -> str:
        return self.code


class Note(models.Model):
    """Without JobsMixin: no job may be about it."""

    text = models.CharField(max_length=100)

    def __str__(self) -> str:
        return self.text


class Trace(models.Model):
    """A mark that a job leaves behind, for tests to see from another process."""

    label = models.CharField(max_length=200)
    job_id = models.BigIntegerField(null=True)
    pid = models.IntegerField(null=True)
    at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.label
