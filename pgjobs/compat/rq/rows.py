"""The rows of jobs, in the database that jobs are written to."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.db import router

from pgjobs import codec
from pgjobs.compat.rq.errors import NoSuchJobError
from pgjobs.keys import key_of
from pgjobs.showing import brief


def rows() -> Any:
    """Return the query set of all jobs, of every kind and queue."""
    model = apps.get_model("pgjobs", "Job")
    return model.objects.using(router.db_for_write(model))


def find(job_id: Any) -> Any:
    """Return the row of the job ``job_id``, a number or its text. Raises NoSuchJobError."""
    key = key_of(job_id)
    row = None if key is None else rows().filter(pk=key).first()
    if row is None:
        raise NoSuchJobError(
            f"No job has the id {brief(job_id)}. The ids are the keys of pgjobs.models.Job, also "
            "as text."
        )
    return row


def of_kind(kind: type[Any], value: Any) -> Any:
    """Return ``value``, or an empty ``kind`` for another value: SQL by hand can write any JSON."""
    return value if isinstance(value, kind) else kind()


def named(encoded: Any, path: str) -> dict[str, Any]:
    """Return the values of a stored dict; an empty dict for other JSON, which SQL can write."""
    found = codec.named(encoded) or {}
    return {name: codec.decode(value, f"{path}[{name!r}]") for name, value in found.items()}
