"""``Job.object``: the object that a job is about, whatever SQL wrote as its key."""

from __future__ import annotations

from typing import Any, Final

from django.contrib.contenttypes.fields import GenericForeignKey
from django.core.exceptions import ValidationError
from django.db import models

_LARGEST: Final = 2**63 - 1
"""The largest whole number of a column."""


class ObjectField(GenericForeignKey):
    """A generic foreign key that is None where the model is gone, or where no row can have the key.

    Django raises ValueError, ValidationError or AttributeError for such a key. SQL writes keys
    without looking them up, so one row of a stranger would break each loop over jobs.
    """

    def contribute_to_class(self, cls: Any, name: str, **kwargs: Any) -> None:  # type: ignore[override]
        """Put the accessor of `_Object` in front of that of Django."""
        super().contribute_to_class(cls, name, **kwargs)
        setattr(cls, name, _Object(self, vars(cls)[name]))


class _Object:
    """The accessor of an `ObjectField`. It asks Django's accessor only for rows that may exist."""

    def __init__(self, field: Any, of_django: Any) -> None:
        self._field = field
        self._of_django = of_django

    def __get__(self, job: Any, owner: Any = None) -> Any:
        if job is None:
            return self
        if not self._field.is_cached(job) and not self._may_exist(job):
            self._field.set_cached_value(job, None)
        return self._of_django.__get__(job, owner)

    def __set__(self, job: Any, value: Any) -> None:
        self._of_django.__set__(job, value)

    def is_cached(self, job: Any) -> bool:
        """Return whether the object was read before; ``prefetch_related()`` asks."""
        cached: bool = self._field.is_cached(job)
        return cached

    def get_prefetch_querysets(self, instances: Any, querysets: Any = None) -> tuple[Any, ...]:
        """Return what ``prefetch_related()`` needs; the jobs without a possible object get None."""
        possible = [job for job in instances if self._may_exist(job)]
        rows, key_of_row, key_of_job, *rest = self._of_django.get_prefetch_querysets(
            possible, querysets
        )
        keys = {id(job): key_of_job(job) for job in possible}
        return (rows, key_of_row, lambda job: keys.get(id(job)), *rest)

    def _may_exist(self, job: Any) -> bool:
        type_id = getattr(job, f"{self._field.ct_field}_id")
        if type_id is None:
            return True  # to Django this is no object
        content_type = self._field.get_content_type(id=type_id, using=job._state.db)
        model = content_type.model_class()
        return model is not None and fits(model, getattr(job, self._field.fk_field))


def fits(model: type[models.Model], key: Any) -> bool:
    """Return whether ``key`` can be a key of ``model``: one that can't must not hide the others.

    Validators of the project are not asked: they don't hold for rows that were saved without them.
    """
    try:
        value = model._meta.pk.to_python(key)
    except (ValidationError, TypeError, ValueError, OverflowError):
        return False
    return not isinstance(value, int) or -_LARGEST - 1 <= value <= _LARGEST
