"""Objects of the project, as users name them in a form."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.core.exceptions import FieldError, ObjectDoesNotExist, ValidationError
from django.db import DataError, ProgrammingError, models, router, transaction
from django.utils.translation import gettext as _


def existing(model: type[models.Model], key: str, user: Any) -> models.Model:
    """Return the object with this key.

    Raises ValidationError if there is none. If the user lacks the permission to view objects of the
    model, the answer is the same.
    """
    using = router.db_for_write(model)
    try:
        if may_view(user, model._meta.label_lower):
            # A savepoint, because an error would end the transaction of the request.
            with transaction.atomic(using=using):
                return model._base_manager.using(using).get(pk=model._meta.pk.to_python(key))
    # A model has no table if it is not managed, or if the project has another model of users.
    except (ObjectDoesNotExist, FieldError, ValueError, OverflowError, DataError, ProgrammingError):
        pass
    except ValidationError:
        pass  # the key is none of this model
    raise ValidationError(
        _("There is no such %s, or you may not view it.") % model._meta.verbose_name
    )


def may_view(user: Any, label: str) -> bool:
    """Return whether the user may view objects of a model."""
    try:
        meta = apps.get_model(label)._meta
    except (LookupError, ValueError):
        return True  # there is no such model: reading the value says so
    return bool(user.has_perm(f"{meta.app_label}.view_{meta.model_name}"))


def models_with_jobs(user: Any) -> dict[str, type[models.Model]]:
    """Return the models that jobs can be about and that the user may view, by label."""
    return {
        model._meta.label_lower: model
        for model in apps.get_models()
        if getattr(model, "supports_jobs", False) and may_view(user, model._meta.label_lower)
    }
