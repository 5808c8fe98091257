"""Any call of the enqueue API with odd arguments is served, or refused clearly.

Repeat a run with the seed that a failure shows; widen one with MODEL_EXAMPLES=1000.
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.db import connection
from django.db.models import Model

from pgjobs import codec
from pgjobs.exceptions import InvalidArgument
from pgjobs.instances import unwrapped
from pgjobs.models import Job
from pgjobs.showing import brief
from tests.apps.testapp.jobs import Noop, plain_function
from tests.support.odd_values import odd_values

pytestmark = pytest.mark.django_db

CALLS = 10 * int(os.environ.get("MODEL_EXAMPLES", "30"))
SEED = 12

ARGUMENTS = (
    "instance user schedule_at interval queue_name notifications priority timeout max_attempts "
    "job_timeout meta name depth label target func cls self job kwargs result_ttl"
).split()


def by_position(**arguments: Any) -> Job:
    return Noop.enqueue(arguments.pop("instance", None), **arguments)


def of_a_function(**arguments: Any) -> Job:
    return Job.enqueue(plain_function, **{"name": "Send", **arguments})


def at_once(**arguments: Any) -> Job:
    arguments.pop("schedule_at", None)
    return Noop.enqueue(immediate=True, **arguments)


def from_a_coroutine(**arguments: Any) -> Job:
    return async_to_sync(partial(Noop.aenqueue, **arguments))()


def once_from_a_coroutine(**arguments: Any) -> Job:
    return async_to_sync(partial(Noop.aenqueue_once, **arguments))()


def in_bulk(**arguments: Any) -> Job:
    (job_id,) = Noop.enqueue_many([{"each": 1}], **arguments)
    return Job.objects.get(pk=job_id)


def as_item(**arguments: Any) -> Job:
    item = (arguments.pop("instance"), arguments) if "instance" in arguments else arguments
    (job_id,) = Noop.enqueue_many([item])
    return Job.objects.get(pk=job_id)


CALLERS: list[Callable[..., Job]] = [
    by_position,
    Noop.enqueue,
    Noop.enqueue_once,
    of_a_function,
    at_once,
    in_bulk,
    as_item,
    from_a_coroutine,
    once_from_a_coroutine,
]


def is_named(argument: str, value: Any, message: str) -> bool:
    """Return whether ``message`` names the argument, and its value or the path of a part of it."""
    if any(f"{start}[" in message for start in ("kwargs", "meta", "jobs")):
        return True
    texts = [brief(value)[:18]]
    value = unwrapped(value)
    texts.append(brief(value)[:18])
    if isinstance(value, datetime):
        texts.append(value.isoformat())
    if isinstance(value, Model):
        texts.append(value._meta.label)
    if isinstance(value, str):
        texts.append(repr(str(value))[:20])
    if isinstance(value, str | dict):
        texts += ["a NUL character", "a lone surrogate"]
    return argument.removeprefix("job_") in message and any(text in message for text in texts)


def complaint(call: Callable[..., Job], odd: dict[str, Any]) -> str | None:
    """Make one call and return what is wrong with its end, or None."""
    refused = None
    try:
        job = call(**odd)
    except InvalidArgument as refusal:
        refused = str(refusal)
    except Exception as error:
        return f"raised {error!r}"
    with connection.cursor() as cursor:  # what a commit would refuse
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")
    rows = list(Job.objects.all())
    if refused is None:
        assert job in rows  # an immediate job that recurs has left its successor, too
        for row in rows:
            codec.decode(row.kwargs, "kwargs")
            assert row.object_id is None or row.object is not None
        Job.objects.all().delete()
        return None
    if rows:
        return "left a row"
    named = any(is_named(*each, refused) for each in odd.items())
    return None if named else f"said only: {refused}"


@pytest.mark.timeout(600)
def test_any_call_is_served_or_refused_with_argument_and_value() -> None:
    chance = random.Random(SEED)
    values = odd_values()
    wrong = []
    for turn in range(CALLS):
        call = chance.choice(CALLERS)
        names = chance.sample(ARGUMENTS, chance.choice((1, 1, 2)))
        odd = {name: chance.choice(values) for name in names}
        if what := complaint(call, odd):
            shown = ", ".join(f"{name}={brief(value)}" for name, value in odd.items())
            wrong.append(f"call {turn}, {call}({shown}) {what}")
    assert wrong == [], "\n".join(wrong)
