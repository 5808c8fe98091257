"""The fields of answers that Django REST framework does not have."""

from __future__ import annotations

import math
from datetime import timedelta
from typing import Any

from django.contrib.auth import get_user_model
from django.db import models
from django.urls import reverse
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request

from pgjobs.rows.failure import shown


@extend_schema_field(
    {
        "type": "object",
        "properties": {"value": {"type": "string"}, "label": {"type": "string"}},
        "required": ["value", "label"],
    }
)
class Labelled(serializers.Field[Any, Any, Any, Any]):
    """A choice as NetBox writes it, for instance ``{"value": "errored", "label": "Errored"}``."""

    def __init__(self, choices: type[models.TextChoices], **kwargs: Any) -> None:
        self.labels = {str(value): label for value, label in choices.choices}
        super().__init__(read_only=True, **kwargs)

    def to_representation(self, value: Any) -> dict[str, str]:
        # SQL by hand can have written a value that is no choice.
        return {"value": str(value), "label": str(self.labels.get(str(value), value))}


@extend_schema_field({"type": "number", "description": "Seconds"})
class Seconds(serializers.Field[Any, Any, Any, Any]):
    """A span of time in seconds."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(read_only=True, **kwargs)

    def to_representation(self, value: timedelta) -> float:
        return value.total_seconds()


class UserBrief(serializers.Serializer[Any]):
    """A user of the project."""

    id = serializers.ModelField(model_field=get_user_model()._meta.pk, read_only=True)
    display = serializers.SerializerMethodField()
    username = serializers.CharField(source="get_username", read_only=True)

    def get_display(self, user: Any) -> str:
        return shown(user, str)


def finite(value: Any) -> Any:
    """Return a JSON value with a text in place of each number that JSON can't express.

    PostgreSQL holds fractions beyond the range of a double, which Python reads as infinity.
    """
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, list):
        return [finite(item) for item in value]
    if isinstance(value, dict):
        return {key: finite(item) for key, item in value.items()}
    return value


def address(request: Request, name: str, *args: Any) -> str:
    """Return the absolute address of a view of this interface, wherever it is included."""
    match = request.resolver_match
    namespace = f"{match.namespace}:" if match is not None and match.namespace else ""
    return request.build_absolute_uri(reverse(f"{namespace}{name}", args=args))
