"""Saved views: each user's own, by name, few, and changed by POST alone."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.test import Client

from pgjobs.models import SavedView
from pgjobs.pages.listing import saving
from tests.support.staff import LIST, messages, shown, signed_in

pytestmark = pytest.mark.django_db

VIEWS = f"{LIST}views/"


@pytest.fixture
def looking() -> Client:
    return signed_in("view_job")


def save(client: Client, name: str, query: str = "status:failed") -> list[str]:
    return messages(client.post(VIEWS, {"name": name, "q": query}, follow=True))


def names() -> list[str]:
    return list(SavedView.objects.values_list("name", flat=True))


def test_a_view_is_saved_and_becomes_a_tab(looking: Client) -> None:
    assert save(looking, " Failed   syncs ", "class:Noop status:failed") == []
    html = shown(looking, f"{LIST}?q=class:Noop+status:failed")
    assert ">Failed syncs</a>" in html
    assert "q=class%3ANoop+status%3Afailed" in html


def test_a_view_is_renamed_and_deleted(looking: Client) -> None:
    save(looking, "old")
    (view,) = SavedView.objects.all()
    looking.post(f"{VIEWS}{view.pk}/", {"name": "new"})
    assert names() == ["new"]
    looking.post(f"{VIEWS}{view.pk}/", {"name": "new", "do": "delete"})
    assert names() == []


def test_no_user_sees_or_changes_the_view_of_another(looking: Client) -> None:
    save(looking, "mine")
    (view,) = SavedView.objects.all()
    User.objects.update(username="first")
    other = signed_in("view_job")
    assert "mine" not in shown(other, LIST)
    assert messages(other.post(f"{VIEWS}{view.pk}/", {"do": "delete"}, follow=True)) == [
        "This view is gone."
    ]
    assert names() == ["mine"]
    assert save(other, "mine") == []


def test_a_name_that_is_taken_or_empty_is_told(looking: Client) -> None:
    save(looking, "one")
    save(looking, "two")
    assert save(looking, "one") == ["You have a view with the name one already."]
    assert save(looking, " \0 ") == ["A view needs a name."]
    view = SavedView.objects.get(name="two")
    response = looking.post(f"{VIEWS}{view.pk}/", {"name": "one"}, follow=True)
    assert messages(response) == ["You have a view with the name one already."]
    assert names() == ["one", "two"]


def test_a_user_has_a_limited_number_of_views(
    looking: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(saving, "MOST", 2)
    for name in ("one", "two", "three"):
        said = save(looking, name)
    assert said == ["You have 2 views, which is the limit. Delete one first."]
    assert names() == ["one", "two"]


@pytest.mark.parametrize("query", ["a\0b", "x" * 4001])
def test_a_query_that_cannot_be_kept_is_refused(query: str, looking: Client) -> None:
    assert looking.post(VIEWS, {"name": "x", "q": query}).status_code == 400


def test_a_view_is_saved_although_its_address_is_too_long_to_return_to(looking: Client) -> None:
    query = "ü" * 4000
    response = looking.post(VIEWS, {"name": "long", "q": query})
    assert (response.status_code, response["Location"]) == (302, LIST)
    assert SavedView.objects.get().query == query


def test_a_long_name_is_cut(looking: Client) -> None:
    save(looking, "long " * 40)
    assert len(names()[0]) <= 60
