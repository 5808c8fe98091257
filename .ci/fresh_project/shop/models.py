from django.db import models

from pgjobs.models import JobsMixin


class Site(JobsMixin):
    name = models.CharField(max_length=100)

    def __str__(self) -> str:
        return self.name


class Sale(models.Model):
    """Tells that a job has run."""

    label = models.CharField(max_length=100)

    def __str__(self) -> str:
        return self.label
