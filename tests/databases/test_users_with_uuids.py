"""Each surface for users whose keys are UUIDs: pages, journal, saved views, filters and REST."""

from __future__ import annotations

import json
from typing import Any, Final

import pytest
from django.contrib.auth import get_user_model
from django.test import Client
from django.test.utils import setup_test_environment

from tests.databases.test_other_projects import project
from tests.support.whole_project import ended

API: Final = "/api/pgjobs/"
PAGES: Final = "/admin/pgjobs/job/"
_LIVE: Final = (
    "import django; django.setup()\nfrom tests.databases.test_users_with_uuids import live; live()"
)


def test_pages_journal_saved_views_and_rest_work_for_users_with_uuids() -> None:
    pytest.importorskip("rest_framework", reason="the extra api is not installed")
    settings = {
        "AUTH_USER_MODEL": "uuidusers.User",
        "ROOT_URLCONF": "tests.api.urls",
        "PGJOBS": {"VISIBLE_JOBS": f"{__name__}.own"},
    }
    with project(apps="tests.apps.uuidusers", settings=settings) as environment:
        assert ended(environment, code=_LIVE) == (0, "")


def own(user: Any, jobs: Any) -> Any:
    """Let each user see the jobs of this user alone."""
    return jobs.filter(user=user)


def live() -> None:
    """Use each surface once. Raises AssertionError where something does not work."""
    setup_test_environment()
    users = get_user_model().objects
    ann, ben = (users.create_superuser(name, f"{name}@example.com", "x") for name in ("ann", "ben"))
    client = Client()
    client.force_login(ann)
    look_at_each_page(client, ann)
    keep_a_view(client, ann, ben)
    filter_by_user(client, ann, ben)
    steer_by_pages(client, ann, ben)
    steer_over_rest(client, ann, ben)


def look_at_each_page(client: Client, ann: Any) -> None:
    from pgjobs.models import Job
    from tests.pages.scene import Scene, addresses

    scene = Scene()
    Job.objects.update(user=ann)
    for address in addresses(scene, "admin:pgjobs"):
        status = 403 if address.endswith("/doctor/") else 200  # it tells of all jobs
        assert client.get(address).status_code == status, address
    Job.objects.all().delete()


def keep_a_view(client: Client, ann: Any, ben: Any) -> None:
    from pgjobs.models import SavedView

    client.post(f"{PAGES}views/", {"name": "Mine", "q": "user:ann"})
    view = SavedView.objects.get()
    assert view.user_key == str(ann.pk)
    assert "Mine" in client.get(PAGES).content.decode()
    other = Client()
    other.force_login(ben)
    assert "Mine" not in other.get(PAGES).content.decode()
    other.post(f"{PAGES}views/{view.pk}/", {"do": "delete"})
    client.post(f"{PAGES}views/{view.pk}/", {"name": "Ours"})
    assert SavedView.objects.get().name == "Ours"
    client.post(f"{PAGES}views/{view.pk}/", {"do": "delete"})
    assert not SavedView.objects.exists()


def filter_by_user(client: Client, ann: Any, ben: Any) -> None:
    from pgjobs.steering.selection import Selection
    from tests.apps.testapp.jobs import Noop

    mine, _other = (Noop.enqueue(user=user) for user in (ann, ben))
    for written in (f"user:{ann.pk}", "user:ann"):
        listed = client.get(PAGES, {"q": written}).context["rows"]
        assert [row.job.pk for row in listed] == [mine.pk], written
    stored = Selection.of_texts({"user": "ann"})
    assert Selection.from_json(json.loads(json.dumps(stored.to_json()))).jobs().get() == mine
    rows = client.get(f"{API}jobs/?user_id={ann.pk}").json()["results"]
    assert [row["user"]["id"] for row in rows] == [str(ann.pk)]
    assert client.get(f"{API}jobs/?user_id=4711").status_code == 400


def steer_by_pages(client: Client, ann: Any, ben: Any) -> None:
    """A bulk action reaches the jobs that its user may see, by the key in the journal."""
    from pgjobs.models import Job, JournalEntry

    asked = client.get(f"{PAGES}confirm/", {"verb": "cancel", "id": "all", "q": "status:pending"})
    chosen = {"verb": "cancel", "filter": asked.context["filter"], "q": ""}
    client.post(f"{PAGES}act/", chosen)
    entry = JournalEntry.objects.filter(verb="cancel").latest("pk")
    assert (entry.who, entry.user_key, entry.done) == ("ann", str(ann.pk), 1)
    assert Job.objects.get(user=ann).status == "cancelled"
    assert Job.objects.get(user=ben).status == "pending"
    assert "ann" in client.get(f"{PAGES}journal/", {"who": "ann"}).content.decode()
    assert client.get(f"{PAGES}journal/{entry.pk}/").status_code == 200
    job = Job.objects.get(user=ann)
    client.post(f"{PAGES}{job.pk}/retry/")
    assert JournalEntry.objects.latest("pk").user_key == str(ann.pk)


def steer_over_rest(client: Client, ann: Any, ben: Any) -> None:
    from pgjobs.models import Job, JournalEntry
    from tests.apps.testapp.jobs import Charging

    def sent(path: str, body: Any, status: int) -> Any:
        response = client.post(f"{API}{path}", body, "application/json")
        assert response.status_code == status, response.content
        return response.json()

    made = sent("jobs/", {"job_class": Charging.path, "kwargs": {"to": "x"}}, 201)
    assert made["user"] == {"id": str(ann.pk), "display": "ann", "username": "ann"}
    chosen = {"user_id": str(ann.pk), "status": ["pending"]}
    assert sent("jobs/bulk/", {"verb": "cancel", "filter": chosen}, 200)["changed"] == 2
    others = {"verb": "cancel", "filter": {"user_id": str(ben.pk)}}
    assert sent("jobs/bulk/", others, 200)["matched"] == 0
    assert Job.objects.get(user=ben).status == "pending"
    assert JournalEntry.objects.latest("pk").user_key == str(ann.pk)
    journal = client.get(f"{API}journal/").json()["results"]
    assert {entry["who"] for entry in journal} >= {"ann"}
    assert client.get(f"{API}schema/?format=json").status_code == 200
