"""What happens is told once, as events; log lines and signals are listeners like any other."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import fields
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, cast

import pytest
from django.db import DataError

from pgjobs import events
from pgjobs.log_lines.wording import LINES, SILENT

JOB = SimpleNamespace(
    id=7,
    pk=7,
    job_class="app.jobs.Sync",
    name="Sync",
    attempt=1,
    epoch=2,
    user_id=3,
    status="errored",
)
VALUES: dict[str, Any] = {
    "job": JOB,
    "error": ValueError("boom"),
    "seconds": 0.25,
    "delay": 1.5,
    "queues": ["high", "low"],
    "served": ["high"],
    "unserved": ["low"],
    "next_run": datetime(2026, 3, 1, tzinfo=UTC),
    "alert": SimpleNamespace(kind="no_worker", subject="default", message="nobody"),
    "event": events.TablesMissing(ValueError("boom")),
}
KINDS = [
    kind
    for kind in vars(events).values()
    if isinstance(kind, type) and kind.__base__ is events.Event
]


def made(kind: type[events.Event]) -> Any:
    """An event of ``kind`` with a value in each of its fields."""
    names = [field.name for field in fields(cast(Any, kind))]
    return kind(*(VALUES.get(name, f"<{name}>") for name in names))


@contextmanager
def heard(*kinds: type[events.Event]) -> Iterator[list[events.Event]]:
    """The events of ``kinds`` that are told meanwhile."""
    found: list[events.Event] = []
    with ExitStack() as stack:
        for kind in kinds:
            stack.callback(events.listen(kind, found.append))
        yield found


# Listeners --------------------------------------------------------------------------------


def test_a_listener_hears_the_events_of_its_kind_alone() -> None:
    started, ended = events.JobStarted(JOB), events.JobEnded(JOB)

    with heard(events.JobStarted) as found:
        events.tell(started)
        events.tell(ended)

    assert found == [started]


def test_a_listener_of_the_base_class_hears_every_kind() -> None:
    told = [events.JobStarted(JOB), events.WorkerStopping(1)]

    with heard(events.Event) as found:
        for event in told:
            events.tell(event)

    assert found == told


def test_a_listener_hears_a_kind_that_was_told_before_it_listened() -> None:
    events.tell(events.WorkerStopping(1))

    with heard(events.WorkerStopping) as found:
        events.tell(events.WorkerStopping(2))

    assert found == [events.WorkerStopping(2)]


def test_a_listener_that_was_ended_hears_nothing_more() -> None:
    found: list[events.Event] = []
    end = events.listen(events.WorkerStopping, found.append)
    events.tell(events.WorkerStopping(1))

    end()
    events.tell(events.WorkerStopping(2))

    assert found == [events.WorkerStopping(1)]


def test_ending_a_listener_twice_leaves_another_subscription_of_it_alone() -> None:
    found: list[events.Event] = []
    end = events.listen(events.WorkerStopping, found.append)
    end_other = events.listen(events.WorkerStopping, found.append)

    end()
    end()
    events.tell(events.WorkerStopping(1))
    end_other()

    assert found == [events.WorkerStopping(1)]


def test_a_listener_that_raises_is_logged_and_the_others_hear_the_event(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def refuse(event: events.Event) -> None:
        raise ValueError("boom")

    end = events.listen(events.WorkerStopping, refuse)
    with heard(events.WorkerStopping, events.ListenerFailed) as found:
        events.tell(event := events.WorkerStopping(1))
    end()

    failed, passed_on = found
    assert isinstance(failed, events.ListenerFailed)
    assert (failed.listener, failed.event, passed_on) == (refuse, event, event)
    (record,) = [record for record in caplog.records if record.name == "pgjobs.events"]
    assert "WorkerStopping" in record.getMessage()
    assert record.exc_info is not None


def test_a_listener_of_failures_that_raises_does_not_hear_of_itself() -> None:
    calls: list[events.Event] = []

    def refuse(event: events.Event) -> None:
        calls.append(event)
        raise ValueError("boom")

    end = events.listen(events.Event, refuse)
    events.tell(events.WorkerStopping(1))
    end()

    assert [type(event) for event in calls] == [events.WorkerStopping, events.ListenerFailed]


def test_an_event_without_a_listener_is_told_to_nobody() -> None:
    class Unheard(events.Event):
        pass

    events.tell(Unheard())
    events.tell(Unheard())


# Log lines --------------------------------------------------------------------------------


def test_every_event_has_a_log_line_or_is_silent_on_purpose() -> None:
    assert set(LINES) | SILENT == set(KINDS)
    assert not set(LINES) & SILENT


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_every_event_says_what_happened(kind: type[events.Event]) -> None:
    assert kind.__doc__
    assert not kind.__doc__.startswith(f"{kind.__name__}(")  # as dataclass() would write it


@pytest.mark.parametrize("kind", LINES, ids=lambda kind: kind.__name__)
def test_a_told_event_writes_its_line_once(
    kind: type[events.Event], caplog: pytest.LogCaptureFixture
) -> None:
    line = LINES[kind]
    caplog.set_level(logging.INFO, "pgjobs")

    events.tell(made(kind))

    (record,) = caplog.records
    assert (record.name, record.levelno) == (line.logger.name, line.level)
    assert "{" not in record.getMessage()
    assert bool(record.exc_info) is line.has_traceback


def test_a_line_is_filled_with_the_attributes_of_its_event(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO, "pgjobs")

    events.tell(events.AttemptEnded(JOB, "completed", 0.25))
    events.tell(events.WorkerStarted(1, "web.1", ("high", "low"), 4))

    assert caplog.messages == [
        "job=7 class=app.jobs.Sync completed in 0.250 s",
        "worker=1 name=web.1 started: queues=high,low slots=4",
    ]


class Untouchable:
    """Fails the test if a log line reads any of its attributes."""

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(f"{name} was read although the level is off")


def test_a_line_takes_nothing_from_its_event_while_its_level_is_off(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.WARNING, "pgjobs")

    with heard(events.ListenerFailed) as failures:
        events.tell(events.AttemptEnded(Untouchable(), "completed", 0.25))

    assert failures == []
    assert caplog.messages == []


def test_a_line_is_formatted_by_the_handler_that_writes_it(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO, "pgjobs")

    events.tell(events.AttemptEnded(JOB, "completed", 0.25))

    (record,) = caplog.records
    assert record.msg == "job=%s class=%s %s in %.3f s"
    assert record.args == (7, "app.jobs.Sync", "completed", 0.25)


class Unshowable(Exception):
    def __str__(self) -> str:
        raise ZeroDivisionError

    __repr__ = __str__


@pytest.mark.parametrize(
    ("error", "shown"),
    [
        (DataError("no\nERROR forged\x1b[2J"), "no\\nERROR forged\\x1b[2J"),
        (Unshowable(), "Unshowable (showing it raised ZeroDivisionError)"),
    ],
)
def test_a_line_shows_control_characters_of_an_error_escaped(
    error: Exception, shown: str, caplog: pytest.LogCaptureFixture
) -> None:
    events.tell(events.ClaimingFailed(error))

    assert caplog.messages == [f"claiming failed, trying again: {shown}"]


def test_a_line_shows_control_characters_of_a_name_escaped(
    caplog: pytest.LogCaptureFixture,
) -> None:
    job = SimpleNamespace(id=7, job_class="å.B\nERROR forged\x1b[2J", attempt=1)

    with caplog.at_level(logging.INFO, "pgjobs.worker"):
        events.tell(events.JobStarted(job))

    assert caplog.messages == ["job=7 class=å.B\\nERROR forged\\x1b[2J attempt=1 start"]
