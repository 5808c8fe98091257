"""The exports hold the jobs of the filter, and no cell of a spreadsheet is a formula."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import pytest
from django.test import Client

from pgjobs.pages.listing import exporting
from tests.apps.testapp.jobs import Charging
from tests.support.rows import a_job, tell_sql
from tests.support.staff import LIST, signed_in

pytestmark = pytest.mark.django_db

EXPORT = f"{LIST}export/"


@pytest.fixture
def looking() -> Client:
    return signed_in("view_job")


def sent(client: Client, kind: str, query: str = "") -> str:
    response: Any = client.get(EXPORT, {"format": kind, "q": query})
    assert response.status_code == 200
    assert response["Content-Disposition"].startswith('attachment; filename="jobs-')
    return b"".join(response).decode()


def cells(client: Client, query: str = "") -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(sent(client, "csv", query))))


def test_both_kinds_hold_the_jobs_of_the_filter_the_newest_first(
    looking: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exporting, "BATCH", 3)
    ids = [a_job("failed", error="boom\nagain").pk for _ in range(8)][::-1]
    a_job()
    assert [int(row["id"]) for row in cells(looking, "status:failed")] == ids
    rows = json.loads(sent(looking, "json", "status:failed"))
    assert [row["id"] for row in rows] == ids
    assert {row["error"] for row in rows} == {"boom"}
    assert len(cells(looking)) == 9


def test_an_export_of_no_job_is_whole(looking: Client) -> None:
    assert cells(looking) == []
    assert json.loads(sent(looking, "json")) == []


@pytest.mark.parametrize("begin", ["=", "+", "-", "@", "\t", "\r", "\uff1d"])
def test_no_cell_begins_as_a_formula_does(begin: str, looking: Client) -> None:
    text = f'{begin}HYPERLINK("http://x";"y")'
    a_job("failed", name=text, error=text, queue_name=text[:20], object_id=None)
    (row,) = cells(looking)
    assert (row["name"], row["error"]) == (f"'{text}", f"'{text}")
    assert not [cell for cell in row.values() if cell.startswith(begin)]
    (plain,) = json.loads(sent(looking, "json"))
    assert plain["name"] == text


def test_hidden_arguments_are_redacted(looking: Client) -> None:
    tell_sql()
    a_job(job_class=Charging.path, kwargs={"card": "4711", "password": "x9", "note": "shown"})
    for kind in ("csv", "json"):
        text = sent(looking, kind)
        assert "shown" in text
        assert "4711" not in text
        assert "x9" not in text


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"format": "xlsx"}, "format must be csv or json"),
        ({"q": "colour:red"}, "There is no filter 'colour'"),
        ({"q": "a\0b"}, "NUL"),
        ({"q": "arg.password:x"}, "a value is redacted"),
    ],
)
def test_an_export_that_cannot_be_made_says_why(
    given: dict[str, str], said: str, looking: Client
) -> None:
    response = looking.get(EXPORT, given)
    assert response.status_code == 400
    assert said in response.content.decode()
