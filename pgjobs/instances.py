"""Model instances as callers hand them over: some are lazy, and some are mocks."""

from __future__ import annotations

from typing import Any, TypeGuard

from django.db import models
from django.utils.functional import LazyObject, empty


def unwrapped(value: Any) -> Any:
    """Return the object in a lazy object such as ``request.user``, or any other value as it is."""
    while isinstance(value, LazyObject):  # one can hold another
        if value._wrapped is empty:
            value._setup()
        value = value._wrapped
    return value


def is_instance(value: Any) -> TypeGuard[models.Model]:
    """Return whether ``value`` is a model instance, and not a mock or a proxy that says so."""
    return issubclass(type(value), models.Model)
