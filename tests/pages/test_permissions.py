"""Who may do what: each address of these pages for each kind of user."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from pgjobs.models import JournalEntry, Schedule
from pgjobs.pages import failures, journal, logs, overview, queues, schedules, workers
from tests.apps.testapp.jobs import Noop
from tests.support.moments import ago
from tests.support.pages import EVERYTHING, VIEWER
from tests.support.rows import a_failure, a_job, a_worker
from tests.support.staff import signed_in

pytestmark = pytest.mark.django_db

LOGIN, FORBIDDEN, SEEN, DONE, UNKNOWN = "login", 403, 200, 302, 404

KIND: Final = f"?class={Noop.path}&exception=builtins.ValueError&frame="
PAGES: Final = (
    "overview",
    "doctor",
    "doctor-banner",
    "queues",
    "queue",
    "workers",
    "worker",
    "schedules",
    "schedule",
    "failures",
    "failure",
    "retry-failures",
    "delete-failures",
    "logs",
    "journal",
    "entry",
)
ORDERS: Final = (
    "pause",
    "resume",
    "drain",
    "restart",
    "run-schedule",
    "switch-off",
    "switch-on",
    "edit-schedule",
    "take-back",
    "stop-action",
    "retry-failures",
    "delete-failures",
)
ALL_TIME: Final = {"ended": "", "ended_before": "2999-12-31T00:00:00+00:00"}
FORMS: Final = {
    "pause": {"queue": "low"},
    "resume": {"queue": "low"},
    "retry-failures": ALL_TIME,
    "delete-failures": ALL_TIME,
}


@pytest.fixture
def address() -> Callable[[str, str], str]:
    """Return the address of a page about rows that exist."""
    a_job("errored", errors=[a_failure()])
    rows = {
        "queue": "default",
        "worker": a_worker(has_session_lock=False).pk,
        "schedule": Schedule.objects.create(job_class="a.B", interval=1, next_run=ago(hours=0)).pk,
        "entry": JournalEntry.objects.create(
            who="x", surface="admin", verb="retry", state="running", ended=None
        ).pk,
    }
    about = {
        **dict.fromkeys(("drain", "restart"), "worker"),
        **dict.fromkeys(
            ("run-schedule", "switch-off", "switch-on", "edit-schedule", "take-back"), "schedule"
        ),
        "stop-action": "entry",
    }

    def of(place: str, name: str) -> str:
        subject = about.get(name, name)
        args = [rows[subject]] if subject in rows else []
        query = KIND if name in ("failure", "retry-failures", "delete-failures") else ""
        return reverse(f"{place}:{name}", args=args) + query

    return of


def answer(client: Client, address: str, form: Any = None) -> Any:
    response = client.get(address) if form is None else client.post(address, form)
    if response.status_code == 302 and "login" in response["Location"]:
        return LOGIN
    return 400 if response.status_code == 400 else response.status_code


def test_the_matrix_names_each_address_of_these_pages() -> None:
    modules = (overview, queues, workers, schedules, failures, logs, journal)
    named = {each.name for module in modules for each in module.ADDRESSES}
    assert named == {*PAGES, *ORDERS}


@pytest.mark.parametrize("place", ["admin:pgjobs", "pgjobs"])
def test_a_visitor_is_sent_to_the_login(place: str, address: Any) -> None:
    for name in PAGES:
        assert answer(Client(), address(place, name)) == LOGIN, name
    for name in ORDERS:
        assert answer(Client(), address(place, name), FORMS.get(name, {})) == LOGIN, name
    assert JournalEntry.objects.count() == 1


@pytest.mark.parametrize("place", ["admin:pgjobs", "pgjobs"])
def test_staff_without_a_permission_see_and_order_nothing(place: str, address: Any) -> None:
    client = signed_in()
    for name in PAGES:
        assert answer(client, address(place, name)) == FORBIDDEN, name
    for name in ORDERS:
        assert answer(client, address(place, name), FORMS.get(name, {})) == FORBIDDEN, name
    assert JournalEntry.objects.count() == 1


@pytest.mark.parametrize("place", ["admin:pgjobs", "pgjobs"])
def test_a_viewer_sees_all_pages_and_orders_nothing(place: str, address: Any) -> None:
    client = signed_in(*VIEWER)
    for name in PAGES:
        is_form = name in ("retry-failures", "delete-failures")
        expected = FORBIDDEN if is_form else SEEN
        assert answer(client, address(place, name)) == expected, name
    for name in ORDERS:
        assert answer(client, address(place, name), FORMS.get(name, {})) == FORBIDDEN, name
    assert JournalEntry.objects.count() == 1


@pytest.mark.parametrize("place", ["admin:pgjobs", "pgjobs"])
@pytest.mark.parametrize("who", ["operator", "superuser"])
def test_an_operator_and_a_superuser_see_and_order_everything(
    who: str, place: str, address: Any
) -> None:
    client = signed_in(*EVERYTHING)
    if who == "superuser":
        User.objects.update(is_superuser=True)
        User.objects.get().user_permissions.clear()
    for name in PAGES:
        assert answer(client, address(place, name)) == SEEN, name
    for name in ORDERS:
        # A form without a rule is shown again with its error.
        expected = 400 if name == "edit-schedule" else DONE
        assert answer(client, address(place, name), FORMS.get(name, {})) == expected, name


def test_a_user_of_whom_the_hook_hides_jobs_sees_pages_without_them(
    address: Any, settings: Any
) -> None:
    settings.PGJOBS = {"VISIBLE_JOBS": "tests.access.hooks.shows_none"}
    client = signed_in(*EVERYTHING)
    for name in PAGES:
        expected = {"doctor": FORBIDDEN, "doctor-banner": FORBIDDEN, "failure": UNKNOWN}
        assert answer(client, address("pgjobs", name)) == expected.get(name, SEEN), name


def test_an_order_is_no_link(address: Any) -> None:
    client = signed_in(*EVERYTHING)
    for name in set(ORDERS) - set(PAGES):
        assert answer(client, address("pgjobs", name)) == 405, name
    assert JournalEntry.objects.count() == 1


@pytest.mark.parametrize("place", ["admin:pgjobs", "pgjobs"])
def test_an_order_from_another_site_is_refused(place: str, address: Any) -> None:
    strict = signed_in(*EVERYTHING, enforce_csrf_checks=True)
    for name in ORDERS:
        assert answer(strict, address(place, name), FORMS.get(name, {})) == FORBIDDEN, name
    assert JournalEntry.objects.count() == 1
