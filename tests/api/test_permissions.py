"""Every endpoint for every kind of user."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import pytest
from django.contrib.auth.models import User
from django.test import Client

from pgjobs.models import Job, JournalEntry, Schedule
from tests.apps.testapp.jobs import Charging, Noop
from tests.support.moments import ago
from tests.support.rows import a_job, a_worker
from tests.support.staff import signed_in

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.api.urls")]

API = "/api/pgjobs/"
VIEWING: Final = ("view_job", "view_schedule", "view_workerprocess", "view_journalentry")
OPERATING: Final = ("add_job", "change_job", "delete_job", "manage_queues")
ORDERING: Final = ("change_schedule", "change_workerprocess")

READS: Final = (
    "jobs/",
    "jobs/{job}/",
    "jobs/{job}/logs/",
    "jobs/{job}/why/",
    "queues/",
    "queues/default/",
    "job-classes/",
    f"job-classes/{Noop.path}/",
    "workers/",
    "workers/{worker}/",
    "schedules/",
    "schedules/{schedule}/",
    "journal/",
    "journal/{entry}/",
    "stats/failures/",
    "stats/throughput/",
    "stats/latency/",
)
CHANGES: Final[tuple[tuple[str, str, Any, int], ...]] = (
    ("POST", "jobs/", {"job_class": Charging.path, "kwargs": {"to": "a"}}, 201),
    ("POST", "jobs/{job}/retry/", {}, 200),
    ("POST", "jobs/{charging}/rerun/", {"kwargs": {"to": "b"}}, 201),
    ("POST", "jobs/{waiting}/cancel/", {}, 200),
    ("DELETE", "jobs/{job}/", None, 204),
    ("POST", "jobs/bulk/", {"verb": "retry", "ids": ["{job}"]}, 200),
    ("POST", "jobs/bulk/", {"verb": "delete", "filter": {"status": ["errored"]}}, 200),
    ("POST", "jobs/prune/", {"days": 30}, 200),
    ("POST", "queues/default/pause/", {}, 200),
    ("POST", "queues/default/resume/", {}, 200),
    ("POST", f"job-classes/{Noop.path}/pause/", {}, 200),
    ("POST", f"job-classes/{Noop.path}/resume/", {}, 200),
    ("POST", "journal/{entry}/cancel/", {}, 200),
    ("POST", "workers/{worker}/drain/", {}, 200),
    ("POST", "workers/{worker}/restart/", {}, 200),
    ("POST", "schedules/{schedule}/switch-off/", {}, 200),
    ("POST", "schedules/{schedule}/switch-on/", {}, 200),
    ("POST", "schedules/{schedule}/edit/", {"interval": 5}, 409),
    ("POST", "schedules/{schedule}/take-back/", {}, 409),
)
"""Each change, and its answer to a user with all permissions."""


@pytest.fixture
def rows() -> dict[str, int]:
    schedule = Schedule.objects.create(job_class=Noop.path, interval=60, next_run=ago(hours=-1))
    entry = JournalEntry.objects.create(
        who="somebody", surface="sql", verb="retry", state="running", ended=None
    )
    job, waiting = a_job("errored", queue_name="low"), a_job()
    return {
        "job": job.pk,
        "waiting": waiting.pk,
        "charging": a_job("errored", job_class=Charging.path, queue_name="high").pk,
        "worker": a_worker(has_session_lock=False).pk,
        "schedule": schedule.pk,
        "entry": entry.pk,
    }


def asked(client: Client, method: str, path: str, body: Any, rows: dict[str, int]) -> int:
    """Return the status of the answer."""
    if body and "ids" in body:
        body = {**body, "ids": [rows["job"]]}
    address, call = API + path.format(**rows), getattr(client, method.lower())
    response = call(address) if body is None else call(address, body, "application/json")
    return int(response.status_code)


def answers(client: Client, rows: dict[str, int]) -> dict[str, int]:
    """Return the status of the answer of each endpoint, by method and path."""
    found = {f"GET {path}": asked(client, "GET", path, None, rows) for path in READS}
    for method, path, body, _right in CHANGES:
        verb = (body or {}).get("verb", "")
        found[f"{method} {path} {verb}".strip()] = asked(client, method, path, body, rows)
    return found


@pytest.mark.parametrize("user", ["anonymous", "without permissions"])
def test_a_user_without_permissions_gets_no_endpoint(user: str, rows: dict[str, int]) -> None:
    client = Client() if user == "anonymous" else signed_in()

    assert set(answers(client, rows).values()) == {403}
    assert Job.objects.count() == 3


def test_the_root_is_for_each_signed_in_user_and_names_each_list(rows: dict[str, int]) -> None:
    client = signed_in()
    assert Client().get(API).status_code == 403

    lists = client.get(API).json()

    assert {address.removeprefix(f"http://testserver{API}") for address in lists.values()} == {
        *(path for path in READS if path.count("/") == 1 and "{" not in path),
        *(path for path in READS if path.startswith("stats/")),
        "schema/",
    }
    assert client.get(lists["jobs"]).status_code == 403
    assert client.get(lists["schema"]).status_code == 200


def test_a_viewer_reads_everything_and_changes_nothing(rows: dict[str, int]) -> None:
    found = answers(signed_in(*VIEWING), rows)

    assert {key: 200 if key.startswith("GET") else 403 for key in found} == found


def test_an_operator_of_jobs_gives_no_orders_to_workers_and_schedules(rows: dict[str, int]) -> None:
    found = answers(signed_in(*VIEWING, *OPERATING), rows)

    orders = {key for key, status in found.items() if status == 403}
    assert orders == {key for key in found if key.startswith(("POST workers", "POST schedules"))}


@pytest.mark.parametrize("user", ["superuser", "all permissions"])
def test_a_user_with_all_permissions_gets_every_endpoint(user: str, rows: dict[str, int]) -> None:
    if user == "superuser":
        client = Client()
        client.force_login(User.objects.create_superuser("root"))
    else:
        client = signed_in(*VIEWING, *OPERATING, *ORDERING)

    for path in READS:
        assert asked(client, "GET", path, None, rows) == 200, path
    for method, path, body, right in CHANGES:
        fresh = {**rows, "job": a_job("errored").pk, "waiting": a_job().pk}
        assert asked(client, method, path, body, fresh) == right, path


@pytest.mark.parametrize(
    ("permission", "paths"),
    [
        ("add_job", {"POST jobs/"}),
        ("delete_job", {"DELETE jobs/{job}/", "POST jobs/bulk/ delete", "POST jobs/prune/"}),
        (
            "manage_queues",
            {
                f"POST {subject}/{verb}/"
                for subject in ("queues/default", f"job-classes/{Noop.path}")
                for verb in ("pause", "resume")
            },
        ),
        ("view_schedule", {"GET schedules/", "GET schedules/{schedule}/"}),
        ("view_workerprocess", {"GET workers/", "GET workers/{worker}/"}),
        ("view_journalentry", {"GET journal/", "GET journal/{entry}/"}),
    ],
)
def test_a_permission_opens_its_endpoints_alone(
    permission: str, paths: set[str], rows: dict[str, int]
) -> None:
    found = answers(signed_in(permission), rows)

    assert {key for key, status in found.items() if status != 403} == paths


# The hook ---------------------------------------------------------------------------------


def only_low(user: Any, jobs: Any) -> Any:
    """Let everybody see the jobs of one queue alone, superusers too."""
    return jobs.filter(queue_name="low")


@pytest.fixture
def restricted(settings: Any) -> Callable[[], Client]:
    settings.PGJOBS = {**settings.PGJOBS, "VISIBLE_JOBS": f"{__name__}.only_low"}

    def superuser() -> Client:
        client = Client()
        client.force_login(User.objects.create_superuser("root"))
        return client

    return superuser


def test_a_job_that_the_hook_hides_is_not_there(restricted: Callable[[], Client]) -> None:
    hidden, seen = a_job("errored"), a_job("errored", queue_name="low")
    client = restricted()

    listed = client.get(f"{API}jobs/").json()["results"]

    assert [job["id"] for job in listed] == [seen.pk]
    for method, path in [
        ("get", ""),
        ("get", "logs/"),
        ("get", "why/"),
        ("post", "retry/"),
        ("post", "rerun/"),
        ("post", "cancel/"),
        ("delete", ""),
    ]:
        answer = client.generic(method.upper(), f"{API}jobs/{hidden.pk}/{path}")
        assert answer.status_code == 404, path
    hidden.refresh_from_db()
    assert hidden.status == "errored"


def test_the_reasons_of_a_job_do_not_name_hidden_jobs(restricted: Callable[[], Client]) -> None:
    worker = a_worker(has_session_lock=False, concurrency=1)
    a_job("running", worker=worker, name="a hidden job")
    waiting = a_job(queue_name="low")

    (*_others, busy) = restricted().get(f"{API}jobs/{waiting.pk}/why/").json()

    assert busy["reason"] == "busy"
    assert busy["evidence"] == "The only slot of the workers that serve the queue is taken."


@pytest.mark.parametrize("by", ["ids", "filter"])
def test_a_bulk_verb_leaves_hidden_jobs_alone(restricted: Callable[[], Client], by: str) -> None:
    hidden, seen = a_job("errored"), a_job("errored", queue_name="low")
    chosen = {"ids": [hidden.pk, seen.pk]} if by == "ids" else {"filter": {"status": ["errored"]}}

    answer = restricted().post(
        f"{API}jobs/bulk/", {"verb": "delete", **chosen}, content_type="application/json"
    )

    assert answer.json()["matched"] == 1
    assert list(Job.objects.all()) == [hidden]


def test_a_job_that_its_user_would_not_see_is_not_enqueued(
    restricted: Callable[[], Client],
) -> None:
    client = restricted()
    body: dict[str, Any] = {"job_class": Charging.path, "kwargs": {"to": "a"}}

    refused = client.post(f"{API}jobs/", body, content_type="application/json")
    taken = client.post(
        f"{API}jobs/", {**body, "queue_name": "low"}, content_type="application/json"
    )

    assert (refused.status_code, taken.status_code) == (403, 201)
    assert Job.objects.count() == 1
    assert JournalEntry.objects.get().what == {"ids": [taken.json()["id"]]}


def test_enqueueing_once_does_not_touch_a_hidden_job_in_its_place(
    restricted: Callable[[], Client],
) -> None:
    hidden = Charging.enqueue_once(to="a")

    answer = restricted().post(
        f"{API}jobs/",
        {"job_class": Charging.path, "kwargs": {"to": "b"}, "queue_name": "low", "once": True},
        content_type="application/json",
    )

    assert answer.status_code == 403
    assert list(Job.objects.all()) == [hidden]
    assert Job.objects.get().kwargs == {"to": "a"}
