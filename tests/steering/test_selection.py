"""A selection of jobs means the same jobs wherever it is read."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from pgjobs.exceptions import InvalidArgument
from pgjobs.models import Job, JournalEntry
from pgjobs.steering.selection import Selection, UnknownFilter
from tests.apps.testapp.jobs import Noop
from tests.support.rows import a_job, a_site

pytestmark = pytest.mark.django_db

NOW = timezone.now()
EACH: dict[str, Any] = {
    "ids": (1, 2),
    "status": ("failed", "errored"),
    "queue": "low",
    "job_class": (Noop.path,),
    "object": "testapp.site:7",
    "user": "4711",
    "worker": 3,
    "attempt": ">1",
    "since": NOW,
    "before": NOW,
    "ended": NOW - timedelta(days=1),
    "ended_before": NOW,
    "arg": {"invoice": "INV-1", "n": [1, None]},
    "name": "Night",
    "error": "no route",
    "failure": ("builtins.ValueError", "app.sync.fetch"),
    "text": ("two", "words here"),
}


def through_the_journal(selection: Selection) -> Selection:
    entry = JournalEntry.objects.create(
        who="ann", surface="sql", verb="retry", what={"filter": selection.to_json()}
    )
    entry.refresh_from_db()
    return Selection.from_json(entry.what["filter"])


@pytest.mark.parametrize("names", [*([name] for name in EACH), list(EACH)], ids=str)
def test_a_selection_is_the_same_after_the_journal(names: list[str]) -> None:
    selection = Selection(**{name: EACH[name] for name in names})

    assert through_the_journal(selection) == selection
    assert selection.jobs().count() == 0


def test_a_selection_without_a_filter_selects_no_job() -> None:
    a_job()

    assert Selection().is_empty
    assert not Selection().jobs().exists()
    assert not Selection.from_json({}).jobs().exists()


def test_the_worker_0_is_a_filter() -> None:
    a_job("failed")

    assert not Selection(worker=0, status=("failed",)).jobs().exists()


def test_a_job_passes_if_it_passes_each_filter() -> None:
    site = a_site()
    wanted = a_job("failed", queue_name="low", kwargs={"n": 1, "m": 2}, object=site)
    for columns in ({"queue_name": "high"}, {"kwargs": {"n": 2}}, {"object": None}):
        a_job("failed", **{"queue_name": "low", "kwargs": {"n": 1}, "object": site, **columns})

    selection = Selection(
        status=("failed",), queue="low", arg={"n": 1}, object=f"testapp.site:{site.pk}"
    )

    assert selection.jobs().get() == wanted
    assert not selection.jobs(Job.objects.exclude(pk=wanted.pk)).exists()


def test_a_filter_that_is_not_known_is_refused_by_its_name() -> None:
    with pytest.raises(UnknownFilter, match="does not know the filter 'colour'"):
        Selection.from_json({"queue": "low", "colour": "red"})


@pytest.mark.parametrize(
    "stored",
    [
        [],
        None,
        "low",
        {"since": "yesterday"},
        {"ids": 3},
        {"status": ["done"]},
        {"object": "site"},
        {"status": []},
        {"queue": 3},
        {"attempt": 3},
        {"attempt": "many"},
        {"attempt": ">32768"},
        {"user": "ann"},
        {"text": "words"},
        {"text": [3]},
        {"ids": [1.0]},
        {"ids": [True]},
        {"ids": [[1]]},
        {"worker": {}},
        {"attempt": {}},
        {"failure": "x@y"},
        {"failure": ["x", "y", "z"]},
        {"failure": ["x", "\0"]},
        {"attempt": 2**80},
        {"attempt": f">{2**80}"},
        {"worker": 2**80},
        {"worker": 2**63},
        {"worker": -1},
        {"ids": [1, 2**80]},
        {"ids": [-1]},
        {"user": str(2**80)},
        {"object": f"testapp.site:{2**80}"},
        {"arg": {"a": "\0"}},
        {"arg": {"a": float("inf")}},
        {"since": "2026-01-01T00:00:00+23:59"},
        {"since": "0001-01-01T00:00:00+00:00"},
    ],
    ids=repr,
)
def test_a_stored_value_that_cannot_be_read_is_refused(stored: Any) -> None:
    with pytest.raises(InvalidArgument):
        Selection.from_json(stored)


def test_the_largest_keys_are_filters_and_a_larger_one_is_named() -> None:
    assert not Selection(ids=(0, 2**63 - 1), worker=2**63 - 1).jobs().exists()
    with pytest.raises(InvalidArgument, match=rf"worker must be a key .* not {2**63}"):
        Selection(worker=2**63)
    with pytest.raises(InvalidArgument, match=rf"ids must be keys .* not {2**80}"):
        Selection(ids=(1, 2**80))


def test_a_moment_without_a_time_zone_is_refused() -> None:
    with pytest.raises(InvalidArgument, match=r"since .* has no time zone"):
        Selection(since=NOW.replace(tzinfo=None))


def test_a_moment_is_stored_in_utc() -> None:
    there = NOW.astimezone(timezone.get_fixed_timezone(23 * 60 + 59))

    assert Selection(since=there).to_json() == Selection(since=NOW).to_json()


@pytest.mark.parametrize("value", [{"$date": "2026-01-31"}, {"$dict": {"$a": 1}}, {"a": [1, {}]}])
def test_a_typed_argument_is_read_as_it_was_stored(value: Any) -> None:
    stored = {"arg": {"a": value}}

    assert Selection.from_json(stored).to_json() == stored


def test_more_ids_than_an_entry_holds_are_refused() -> None:
    with pytest.raises(InvalidArgument, match="at most 10,000 ids, not 10,001"):
        Selection(ids=tuple(range(10_001)))


def test_texts_of_people_become_whole_paths_and_moments() -> None:
    selection = Selection.of_texts(
        {"job_class": "Noop", "since": "2h", "arg": ["n=1", "text=one"], "yes": True, "ids": []}
    )

    assert selection.job_class == (Noop.path,)
    assert selection.arg == {"n": 1, "text": "one"}
    assert selection.since is not None
    assert abs(timezone.now() - selection.since - timedelta(hours=2)) < timedelta(minutes=1)


def test_people_name_a_user_and_the_selection_keeps_the_key() -> None:
    ann = User.objects.create(username="ann")
    wanted = a_job(user=ann)
    a_job()

    for text in ("ann", str(ann.pk)):
        selection = Selection.of_texts({"user": text})
        assert selection.user == str(ann.pk)
        assert selection.jobs().get() == wanted


@pytest.mark.parametrize("text", ["bob", "987654", "9" * 4301, "-1"])
def test_the_name_of_no_user_is_refused(text: str) -> None:
    with pytest.raises(InvalidArgument, match="is the name of no user"):
        Selection.of_texts({"user": text})


@pytest.mark.parametrize(
    ("attempt", "found"),
    [("2", {2}), (">1", {2, 3}), (">=3", {3}), ("<2", {0, 1}), ("<=0", {0}), (">32767", set())],
)
def test_attempts_are_compared(attempt: str, found: set[int]) -> None:
    for number in range(4):
        a_job("failed", attempt=number)

    jobs = Selection(attempt=attempt).jobs()
    assert set(jobs.values_list("attempt", flat=True)) == found


def test_a_text_is_found_in_the_name_the_class_and_the_error_in_either_case() -> None:
    wanted = [
        a_job(name="Nightly SYNC"),
        a_job(job_class="network.jobs.SyncSite"),
        a_job("failed", error="the sync\nfailed"),
    ]
    a_job(kwargs={"what": "sync"})

    assert set(Selection(text=("sync",)).jobs()) == set(wanted)
    assert set(Selection(text=("sync", "nightly")).jobs()) == set(wanted[:1])
    assert set(Selection(name="night").jobs()) == set(wanted[:1])
    assert not Selection(name="sync").jobs().exists()
    assert not Selection(text=("100%",)).jobs().exists()
