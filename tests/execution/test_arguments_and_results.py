"""The arguments of ``run()``, and the values that it leaves in the row."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
import pytest_django

from pgjobs import BackgroundJob, JobFailed
from pgjobs.exceptions import InvalidArgument
from pgjobs.models import Job
from tests.apps.testapp.jobs import AboutObject, Coroutine, Leaves, Noop, TracingArguments
from tests.apps.testapp.models import Site, Trace
from tests.support.rows import a_site
from tests.support.running import ran

pytestmark = pytest.mark.django_db


class Returns(BackgroundJob):
    value: Any

    def run(self) -> Any:
        return self.value


class Receives(BackgroundJob):
    received: dict[str, Any]

    def run(self, **kwargs: Any) -> None:
        type(self).received = kwargs


def test_the_value_that_run_returns_is_the_result() -> None:
    assert ran(Noop, depth=2, names=["a"]).result == {"depth": 2, "names": ["a"]}


def test_the_value_of_a_coroutine_is_the_result() -> None:
    assert ran(Coroutine).result == "awaited"


@pytest.mark.parametrize("value", [object(), float("nan"), "a\x00b", {1: 2}])
def test_a_result_that_is_not_json_is_dropped_and_the_log_says_so(
    value: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Returns, "value", value, raising=False)

    job = ran(Returns)

    assert (job.status, job.result) == ("completed", None)
    assert job.log_entries.get().message.startswith("Not kept as the job's result")


def test_a_result_above_the_limit_is_dropped(
    settings: pytest_django.Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.PGJOBS = {"MAX_RESULT_SIZE": 100}
    monkeypatch.setattr(Returns, "value", "x" * 100, raising=False)

    assert (ran(Returns).status, Job.objects.get().result) == ("completed", None)


@pytest.mark.parametrize(
    ("data", "kept"),
    [
        ({"added": 3}, {"added": 3}),
        ([1, None], [1, None]),
        ({"at": datetime(2026, 1, 1, tzinfo=UTC)}, {"at": "2026-01-01T00:00:00Z"}),
        ({"cost": Decimal("1.10")}, {"cost": "1.10"}),
        ({"backslash": "\\u0000", "name": "Umeå 😀"}, {"backslash": "\\u0000", "name": "Umeå 😀"}),
    ],
)
@pytest.mark.parametrize("error", [None, JobFailed("no good"), ValueError("boom")])
def test_data_set_by_run_is_kept_however_the_job_ends(
    data: Any, kept: Any, error: Exception | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Leaves, "attributes", {"data": data}, raising=False)
    monkeypatch.setattr(Leaves, "error", error)

    assert ran(Leaves).data == kept


@pytest.mark.parametrize("data", [object(), {"x": float("nan")}, "a\x00b", {"file": "caf\udce9"}])
def test_data_that_cannot_be_stored_makes_the_job_errored(
    data: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Leaves, "attributes", {"data": data}, raising=False)

    job = ran(Leaves)

    assert (job.status, job.data) == ("errored", None)
    assert job.error


def test_data_that_cannot_be_stored_does_not_hide_a_failure(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Leaves, "attributes", {"data": object()}, raising=False)
    monkeypatch.setattr(Leaves, "error", JobFailed("no good"))

    job = ran(Leaves)

    assert (job.status, job.error) == ("failed", "no good")


def test_arguments_reach_run_with_their_types() -> None:
    arguments = {
        "at": datetime(2026, 1, 1, tzinfo=UTC),
        "wait": timedelta(seconds=3),
        "cost": Decimal("1.10"),
        "id": UUID(int=7),
        "raw": b"\x00",
        "site": a_site(),
        "nested": [{"at": datetime(2026, 1, 2, tzinfo=UTC)}],
    }

    ran(Receives, **arguments)

    assert Receives.received == arguments


def test_an_argument_that_vanished_makes_the_job_errored() -> None:
    site = a_site()
    job = Receives.enqueue(place=site)
    site.delete()

    Receives.handle(job)

    assert (job.status, "no longer exists" in job.error) == ("errored", True)


def test_an_object_that_vanished_reads_as_none() -> None:
    site = a_site()
    job = AboutObject.enqueue(site)
    Site.objects.all()._raw_delete("default")

    AboutObject.handle(Job.objects.get(pk=job.pk))

    assert Job.objects.get().result == "None"


@pytest.mark.parametrize("given", [7, "7", None, Noop])
def test_handle_refuses_what_is_no_row(given: Any) -> None:
    with pytest.raises(InvalidArgument, match="job must be a row of Job, not"):
        Noop.handle(given)


def test_arguments_given_to_handle_replace_the_stored_ones() -> None:
    job = TracingArguments.enqueue(label="stored")

    TracingArguments.handle(job, "given", other="too")

    assert Trace.objects.get().label == "given too"
