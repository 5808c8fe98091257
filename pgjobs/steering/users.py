"""Users in filters: people write a name, and a selection keeps the key."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.db import models

from pgjobs.exceptions import InvalidArgument


def named(filter_name: str, text: str) -> str:
    """Return the key of the user with this name, or with this key if no user has the name.

    Raises InvalidArgument if there is no such user.
    """
    model: Any = get_user_model()
    named_so = model._default_manager.filter(**{model.USERNAME_FIELD: text})
    try:
        found = named_so.values_list("pk", flat=True).first()
        if found is None:
            found = key(filter_name, text)
            if not model._default_manager.filter(pk=found).exists():
                raise InvalidArgument(f"{filter_name} {text!r:.100} is the name of no user.")
    except (TypeError, ValueError, ValidationError):
        raise InvalidArgument(f"{filter_name} {text!r:.100} is the name of no user.") from None
    return str(found)


def key(filter_name: str, text: str) -> Any:
    """Return the key of a user as its column has it. Raises InvalidArgument if ``text`` is none."""
    field: models.Field[Any, Any] = get_user_model()._meta.pk
    try:
        found = field.to_python(text)
        field.run_validators(found)
    except (ValidationError, TypeError, ValueError):
        raise InvalidArgument(f"{filter_name} {text!r:.100} is the name of no user.") from None
    return found
