"""The forms that enqueue a job: from the signature of run(), and from the arguments of a job."""

from __future__ import annotations

import uuid
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client

from pgjobs import codec
from pgjobs.access import MASK
from pgjobs.models import Job, JournalEntry
from pgjobs.registry.names import path_of
from tests.apps.testapp.jobs import Charging, Noop, Speed, Typed, plain_function
from tests.apps.testapp.models import Note, Site
from tests.support.browsing import HOSTILE
from tests.support.rows import a_job, a_site
from tests.support.staff import messages, shown, signed_in

ROOT = "/admin/pgjobs/job/"
FORM = f"{ROOT}enqueue/{Typed.path}/"
SECRET = "s3cret-of-tests"

pytestmark = pytest.mark.django_db


@pytest.fixture
def enqueuer() -> Client:
    return signed_in("view_job", "add_job", "view_site")


def given(**fields: Any) -> dict[str, Any]:
    """Return the form as the browser would send it, with these fields changed."""
    usual = {
        "text": "x",
        "count": "5",
        "ratio": "0.5",
        "price": "1.50",
        "speed": "SLOW",
        "mode": "merge",
    }
    arguments = {f"arg-{name}": value for name, value in usual.items()}
    return arguments | {name.replace("arg_", "arg-"): value for name, value in fields.items()}


def errors_of(response: Any) -> dict[str, list[str]]:
    assert response.status_code == 200
    form = response.context["form"]
    return {name: [str(each) for each in said] for name, said in form.errors.items()}


# Enqueueing ----------------------------------------------------------------------------


def test_only_launchable_classes_are_listed_and_have_a_form(enqueuer: Client) -> None:
    html = shown(enqueuer, f"{ROOT}enqueue/")
    assert Typed.path in html
    assert Noop.path not in html
    for path in (Noop.path, path_of(plain_function), "gone.Class", "x" * 300, HOSTILE):
        assert enqueuer.get(f"{ROOT}enqueue/{path.replace('/', '')}/").status_code == 404


def test_the_form_shows_defaults_and_marks_what_is_required(enqueuer: Client) -> None:
    html = shown(enqueuer, FORM)
    assert html.count('class="pgj-required"') == 1
    for part in ('value="5"', 'value="0.5"', 'value="1.50"', "selected>SLOW", 'type="date"'):
        assert part in html


def test_a_default_that_nobody_changed_is_left_to_run(enqueuer: Client) -> None:
    response = enqueuer.post(FORM, given())
    job = Job.objects.get()
    assert response["Location"] == job.get_absolute_url()
    assert job.kwargs == {"text": "x"}
    assert job.user == User.objects.get()
    entry = JournalEntry.objects.get()
    assert (entry.verb, entry.what) == ("enqueue", {"ids": [job.pk]})


def test_each_type_of_argument_reaches_the_job(enqueuer: Client) -> None:
    site, key = a_site(), uuid.uuid4()
    response = enqueuer.post(
        FORM,
        given(
            arg_text="two\r\nlines",
            arg_count="-7",
            arg_ratio="1e3",
            arg_full="on",
            arg_token=SECRET,
            arg_until="2026-12-31",
            arg_at="2026-12-31T23:59:58",
            arg_price="9.99",
            arg_key=str(key),
            arg_speed="FAST",
            arg_mode="replace",
            arg_site=str(site.pk),
            arg_options='{"a": [1, null], "when": {"$date": "2026-01-31"}}',
            arg_names='["a", "b"]',
        ),
    )
    assert response.status_code == 302, errors_of(response)
    assert codec.decode(Job.objects.get().kwargs, "kwargs") == {
        "text": "two\nlines",
        "count": -7,
        "ratio": 1000.0,
        "full": True,
        "token": SECRET,
        "until": date(2026, 12, 31),
        "at": datetime(2026, 12, 31, 23, 59, 58, tzinfo=UTC),
        "price": Decimal("9.99"),
        "key": key,
        "speed": Speed.FAST.value,
        "mode": "replace",
        "site": site,
        "options": {"a": [1, None], "when": date(2026, 1, 31)},
        "names": ["a", "b"],
    }


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("arg-text", ""),
        ("arg-text", "a\0b"),
        ("arg-count", "x"),
        ("arg-count", "9" * 5000),
        ("arg-ratio", "nan"),
        ("arg-price", "Infinity"),
        ("arg-price", "NaN"),
        ("arg-price", "sNaN"),
        ("arg-until", "2026-13-45"),
        ("arg-key", "no key"),
        ("arg-speed", "WARP"),
        ("arg-mode", "delete"),
        ("arg-site", "987654"),
        ("arg-site", "x"),
        ("arg-site", "9" * 200),
        ("arg-options", "{"),
        ("arg-options", '{"a": NaN}'),
        ("arg-options", '{"a": {"$nothing": 1}}'),
        ("arg-options", '{"a": {"$date": "never"}}'),
        ("arg-options", f'{{"a": "{MASK}"}}'),
        ("arg-options", "[" * 100_000),
        ("object_type", "testapp.site"),
        ("schedule_at", "tomorrow"),
        ("schedule_at", "9" * 99 + "w"),
        ("priority", "x"),
        ("queue_name", "no such queue"),
    ],
)
def test_an_error_stands_beside_its_field_and_the_input_stays(
    field: str, value: str, enqueuer: Client
) -> None:
    response = enqueuer.post(FORM, given(arg_names='["kept"]') | {field: value})
    assert list(errors_of(response)) == [field if field != "object_type" else "object_id"]
    assert "kept" in response.content.decode()
    assert not Job.objects.exists()
    assert not JournalEntry.objects.exists()


def test_a_priority_beyond_its_bounds_is_told(enqueuer: Client) -> None:
    (said,) = errors_of(enqueuer.post(FORM, given(priority="99999")))["__all__"]
    assert "priority must be" in said
    assert not Job.objects.exists()


def test_the_options_reach_the_job(enqueuer: Client) -> None:
    site = a_site()
    options = {"object_type": "testapp.site", "object_id": str(site.pk), "queue_name": "low"}
    enqueuer.post(FORM, given(**options, schedule_at="2h", priority="7"))
    job = Job.objects.get()
    assert (job.object, job.queue_name, job.status, job.priority) == (site, "low", "scheduled", 7)


def test_a_job_that_must_be_the_only_one_is_not_enqueued_twice(enqueuer: Client) -> None:
    for _ in range(2):
        enqueuer.post(FORM, given(once="on"))
    assert Job.objects.count() == 1


def test_objects_that_the_user_may_not_view_do_not_exist(enqueuer: Client) -> None:
    User.objects.get().user_permissions.remove(Permission.objects.get(codename="view_site"))
    site = a_site()
    by_key = errors_of(enqueuer.post(FORM, given(arg_site=str(site.pk))))
    in_json = f'{{"a": {{"$model": ["testapp.site", {site.pk}]}}}}'
    assert list(by_key) == ["arg-site"]
    assert list(errors_of(enqueuer.post(FORM, given(arg_options=in_json)))) == ["arg-options"]
    assert "testapp.site" not in shown(enqueuer, FORM)
    Note.objects.create(text="x")
    assert not Job.objects.exists()


def test_a_hidden_argument_is_not_repeated_with_an_error(enqueuer: Client) -> None:
    response = enqueuer.post(FORM, given(arg_token=SECRET, arg_count="x"))
    assert list(errors_of(response)) == ["arg-count"]
    assert SECRET not in response.content.decode()


def test_a_class_that_takes_any_name_has_a_field_for_them(enqueuer: Client) -> None:
    address = f"{ROOT}enqueue/{Charging.path}/"
    enqueuer.post(address, {"others": '{"sum": 7, "card": "4111"}'})
    assert Job.objects.get().kwargs == {"sum": 7, "card": "4111"}
    assert list(errors_of(enqueuer.post(address, {"others": "[1]"}))) == ["others"]


def without_low(user: Any, jobs: Any) -> Any:
    return jobs.exclude(queue_name="low")


def test_a_job_that_the_user_would_not_see_is_not_enqueued(enqueuer: Client, settings: Any) -> None:
    settings.PGJOBS = {"VISIBLE_JOBS": "tests.pages.job.test_forms.without_low"}
    assert enqueuer.post(FORM, given(queue_name="low")).status_code == 403
    assert not Job.objects.exists()
    assert not JournalEntry.objects.exists()


def test_a_user_who_may_not_view_jobs_returns_to_the_list_of_classes() -> None:
    response = signed_in("add_job").post(FORM, given(), follow=True)
    assert response.redirect_chain == [(f"{ROOT}enqueue/", 302)]
    assert messages(response) == [f"Job {Job.objects.get().pk} is enqueued."]


# Again ---------------------------------------------------------------------------------


def a_stored_job(**kwargs: Any) -> Job:
    stored = {
        "text": "x",
        "count": 7,
        "token": SECRET,
        "until": {"$date": "2026-12-31"},
        "options": {"a": 1, "password": SECRET, "list": [{"password": SECRET, "b": 2}]},
        **kwargs,
    }
    return a_job("failed", job_class=Typed.path, name="Typed", kwargs=stored, priority=3)


def rerun_form(client: Client, job: Job) -> dict[str, Any]:
    """Return the form of the page as a browser sends it back unchanged."""
    form = client.get(f"{ROOT}{job.pk}/rerun/").context["form"]
    sent = {}
    for bound in form:
        value = bound.value()
        if value is not None and value is not False:
            sent[bound.html_name] = bound.field.widget.format_value(value)
    return {name: each[0] if isinstance(each, list) else each for name, each in sent.items()}


def again(client: Client, job: Job, **changes: Any) -> Any:
    sent = rerun_form(client, job) | {f"arg-{name}": each for name, each in changes.items()}
    return client.post(f"{ROOT}{job.pk}/rerun/", sent)


def test_a_job_runs_again_as_it_was(enqueuer: Client) -> None:
    job = a_stored_job()
    response = again(enqueuer, job)
    new = Job.objects.exclude(pk=job.pk).get()
    assert response["Location"] == new.get_absolute_url()
    assert (new.kwargs, new.priority) == (job.kwargs, 3)
    entry = JournalEntry.objects.get()
    assert (entry.verb, entry.options) == ("rerun", {"of": job.pk, "changed": []})


def test_a_job_runs_again_with_edited_arguments_and_hidden_ones_stay(enqueuer: Client) -> None:
    job = a_stored_job()
    options = f'{{"a": 2, "password": "{MASK}", "list": [{{"password": "{MASK}", "b": 3}}]}}'
    again(enqueuer, job, count="8", options=options)
    assert Job.objects.exclude(pk=job.pk).get().kwargs == {
        **job.kwargs,
        "count": 8,
        "options": {"a": 2, "password": SECRET, "list": [{"password": SECRET, "b": 3}]},
    }
    assert JournalEntry.objects.get().options["changed"] == ["count", "options"]


def test_a_hidden_argument_can_be_replaced_and_is_never_shown(enqueuer: Client) -> None:
    job = a_stored_job()
    assert SECRET not in shown(enqueuer, f"{ROOT}{job.pk}/rerun/")
    again(enqueuer, job, token="another")
    new = Job.objects.exclude(pk=job.pk).get()
    assert new.kwargs == {**job.kwargs, "token": "another"}
    failing = again(enqueuer, job, token="third", count="x")
    assert "third" not in failing.content.decode()


@pytest.mark.parametrize(
    "odd",
    [
        {"count": "seven"},
        {"until": 5},
        {"speed": "warp"},
        {"site": {"$model": ["testapp.site", 987654]}},
        {"options": "text"},
        {"gone": 1},
        {"price": {"$nothing": 1}},
    ],
)
def test_stored_arguments_that_do_not_fit_the_signature_have_a_form(
    odd: dict[str, Any], enqueuer: Client
) -> None:
    job = a_stored_job(**odd)
    assert enqueuer.get(f"{ROOT}{job.pk}/rerun/").status_code == 200
    assert again(enqueuer, job).status_code in (200, 302)


@pytest.mark.parametrize("kwargs", [5, [], "text", {"$dict": {"$a": 1}}])
@pytest.mark.parametrize("args", [[], [1]])
def test_arguments_that_sql_by_hand_wrote_are_refused_or_taken(
    args: list[int], kwargs: Any, enqueuer: Client
) -> None:
    job = a_job("failed", job_class=Charging.path, kwargs=kwargs, args=args)
    assert enqueuer.get(f"{ROOT}{job.pk}/rerun/").status_code == 200
    assert enqueuer.post(f"{ROOT}{job.pk}/rerun/", {}).status_code in (200, 302)


def test_a_class_that_is_not_launchable_runs_again_unchanged_only(enqueuer: Client) -> None:
    job = a_job("failed", kwargs={"n": 1})
    assert "can't be edited here" in shown(enqueuer, f"{ROOT}{job.pk}/rerun/")
    enqueuer.post(f"{ROOT}{job.pk}/rerun/", {"others": '{"n": 2}'})
    assert Job.objects.exclude(pk=job.pk).get().kwargs == {"n": 1}


def test_a_job_whose_object_is_gone_is_not_run_again(enqueuer: Client) -> None:
    site = a_site()
    job = a_job("failed", object=site)
    Site.objects.filter(pk=site.pk)._raw_delete("default")
    response = enqueuer.post(f"{ROOT}{job.pk}/rerun/", follow=True)
    assert "no longer exists" in messages(response)[0]
    assert Job.objects.count() == 1
