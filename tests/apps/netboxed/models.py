"""A model of a plugin for NetBox. Like the other apps of tests, this one has no migrations."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from pgjobs.netbox import JobsMixin


class Rack(JobsMixin):
    name = models.CharField(max_length=100)

    objects: ClassVar[models.Manager[Rack]] = models.Manager()
