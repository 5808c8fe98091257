"""The names and options that workers know from the project's code, for the functions in SQL."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now

from pgjobs.models.json_field import TolerantJSONField
from pgjobs.models.moments import in_range


class RegistryEntry(models.Model):
    """A job class, a queue or a model. Each worker writes its own as it starts."""

    id = models.BigAutoField(primary_key=True)
    kind = models.CharField(max_length=10)
    name = models.CharField(max_length=255)
    options = TolerantJSONField()
    seen = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        db_table = "pgjobs_registry"
        constraints = (
            models.UniqueConstraint(fields=["kind", "name"], name="pgjobs_registry_name"),
            models.CheckConstraint(
                name="pgjobs_registry_moment_in_range", condition=in_range("seen")
            ),
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"
