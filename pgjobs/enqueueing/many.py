"""From the items of ``enqueue_many()`` to rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from django.db import models

from pgjobs import codec
from pgjobs.enqueueing.arguments import check_all, check_given
from pgjobs.enqueueing.references import object_columns
from pgjobs.enqueueing.row import queue_for, row_for
from pgjobs.exceptions import InvalidArgument
from pgjobs.registry.targets import check_target
from pgjobs.showing import brief


def rows_for_many(
    target: Any, items: Iterable[Any], options: dict[str, Any]
) -> Iterator[dict[str, Any]]:
    """Yield the values of each new row's columns.

    ``options`` hold for all jobs and are checked once. Raises InvalidArgument for a wrong
    option, and for a wrong item when its turn comes.
    """
    if options.pop("immediate", False):
        raise InvalidArgument("immediate can't be combined with enqueue_many(): it only inserts.")
    target = check_target(target)
    shared = row_for(target, None, check_given, **options)
    common = codec.bare(shared["kwargs"])
    queue_depends_on_model = options.get("queue_name") is None
    for index, item in enumerate(_iterated(items)):
        instance, kwargs = _parts(item, index)
        row = shared
        if instance is not None:
            row = {**row, **object_columns(instance)}
            if queue_depends_on_model:
                row["queue_name"] = queue_for(target, instance)
        check_all(target, {**common, **kwargs})
        if kwargs:
            given = codec.encode(kwargs, f"jobs[{index}]")
            row = {**row, "kwargs": codec.merged(shared["kwargs"], given)}
        yield row


def _iterated(items: Any) -> Iterator[Any]:
    try:
        return iter(items)
    except TypeError:
        raise InvalidArgument(
            f"jobs must be an iterable of dicts, objects, or pairs of both, not {brief(items)}."
        ) from None


def _parts(item: Any, index: int) -> tuple[models.Model | None, dict[str, Any]]:
    """Return the object and the arguments for ``run()`` in one item."""
    match item:
        case models.Model():
            return item, {}
        case dict():
            return None, item
        case Mapping():
            return None, dict(item)
        case (models.Model() | None as instance, Mapping() as kwargs):
            return instance, dict(kwargs)
    raise InvalidArgument(
        f"jobs[{index}] must be a dict of arguments, a model instance, or a pair of both, "
        f"not {brief(item)}."
    )
