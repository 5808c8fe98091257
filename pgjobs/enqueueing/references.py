"""The object and the user of a new job, as the columns that point at them."""

from __future__ import annotations

from typing import Any, Final

from django.apps import apps
from django.contrib.auth import get_user_model
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import ValidationError
from django.db import models

from pgjobs import codec
from pgjobs.exceptions import InvalidArgument
from pgjobs.instances import is_instance, unwrapped
from pgjobs.showing import brief

KEY_LIMIT: Final = 255
"""Characters that the key of an object may have: the length of the column."""
_LARGEST_KEY: Final = 10 ** (KEY_LIMIT - 1)


def object_columns(instance: Any) -> dict[str, Any]:
    """Return the columns that point at the object of a new job, which may have none.

    Raises InvalidArgument for an object that was never saved, for an object of a model that does
    not inherit ``JobsMixin``, and for a key that the column can't hold.
    """
    if instance is None:
        return {"object_type_id": None, "object_id": None}
    instance = model_instance(instance)
    label = type(instance)._meta.label
    if instance.pk is None or instance._state.adding:
        raise InvalidArgument(f"instance is a {label} that was never saved; save it first.")
    if not getattr(model_of(instance), "supports_jobs", False):
        raise InvalidArgument(
            f"instance is refused, because jobs cannot be assigned to {label}: "
            "its model does not inherit pgjobs.models.JobsMixin."
        )
    _check_key(label, instance.pk)
    return object_key(instance)


def model_instance(instance: Any) -> models.Model:
    """Return ``instance`` without a lazy wrapper. Raises InvalidArgument if it is of no model."""
    instance = unwrapped(instance)
    if not is_instance(instance):
        raise InvalidArgument(f"instance must be a model instance, not {brief(instance)}.")
    return instance


def object_key(instance: models.Model) -> dict[str, Any]:
    """Return the columns that point at ``instance``, for a new row or for a filter of jobs.

    Nothing is checked.
    """
    content_type = ContentType.objects.get_for_model(instance, for_concrete_model=False)
    return {"object_type_id": content_type.pk, "object_id": str(instance.pk)}


def model_of(instance: models.Model) -> type[models.Model]:
    """Return the model of ``instance``; for an object in a migration, the model as it is today."""
    model: type[models.Model] = type(unwrapped(instance))
    if model._meta.apps is apps:
        return model
    try:
        return apps.get_model(model._meta.label)
    except LookupError:
        return model


def user_key(user: Any) -> Any:
    """Return the key of ``user``, or None for an anonymous user, as views pass ``request.user``.

    Raises InvalidArgument for a user that is not saved and for every other value.
    """
    if user is None:
        return None
    user = unwrapped(user)
    if not getattr(user, "is_authenticated", True):
        return None
    model: type[models.Model] = get_user_model()
    if not issubclass(type(user), model) or user.pk is None or user._state.adding:
        raise InvalidArgument(f"user must be a saved {model._meta.label}, not {brief(user)}.")
    return _valid_key(user.pk, model)


def _valid_key(key: Any, model: type[models.Model]) -> Any:
    """Return the ``key`` of a user as its field stores it."""
    field = model._meta.pk
    try:
        valid = field.to_python(unwrapped(key))
        field.run_validators(valid)
    except (ValidationError, TypeError, ValueError) as error:
        raise InvalidArgument(
            f"user must be a saved {model._meta.label}, and no key of that model is {brief(key)}."
        ) from error
    return codec.text(valid, "user.pk") if isinstance(valid, str) else valid


def _check_key(label: str, key: Any) -> None:
    if isinstance(key, int) and -_LARGEST_KEY < key < _LARGEST_KEY:
        return
    if isinstance(key, int | tuple | bytes | memoryview):
        raise InvalidArgument(
            f"instance is a {label} with the key {brief(key)}: jobs need an object with one key "
            f"that is text or can be written as at most {KEY_LIMIT} characters of text."
        )
    text = codec.text(str(key), "instance.pk")
    if len(text) > KEY_LIMIT:
        raise InvalidArgument(
            f"instance is a {label} with the key {brief(key)}, which has {len(text)} characters; "
            f"at most {KEY_LIMIT} are allowed."
        )
