"""A column type that Django has only in an app of its own."""

from __future__ import annotations

from typing import Any

from django.db import models


class TextArrayField(models.Field):  # type: ignore[type-arg]
    """PostgreSQL's ``text[]``, as a list of strings.

    Not Django's ArrayField: since 6.1 that refuses to work unless ``django.contrib.postgres`` is
    installed, which would be one more app in every project.
    """

    def db_type(self, connection: Any) -> str:
        return "text[]"
