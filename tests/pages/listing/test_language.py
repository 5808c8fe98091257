"""The language of the filter bar: what people write becomes a selection, or a sentence on it."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st

from pgjobs.pages.listing.asking import asked
from pgjobs.pages.listing.language import FIELDS, LONGEST, Term, merged, read, terms_of
from tests.apps.testapp.jobs import Noop
from tests.support.markdown import DOCS, table

pytestmark = pytest.mark.django_db


def meant(text: str) -> dict[str, Any]:
    query = read(text)
    assert query.problems == {}
    return query.selection.to_json()


@pytest.mark.parametrize(
    ("text", "selection"),
    [
        ("", {}),
        ("status:errored", {"status": ["errored"]}),
        ("status:errored,Failed", {"status": ["errored", "failed"]}),
        ("status:errored status:failed", {"status": ["errored", "failed"]}),
        ("status:waiting", {"status": ["pending", "scheduled"]}),
        ("class:Noop", {"job_class": [Noop.path]}),
        ("class:gone.jobs.Job", {"job_class": ["gone.jobs.Job"]}),
        ("queue:high", {"queue": "high"}),
        ("worker:0", {"worker": 0}),
        ("attempt:>1", {"attempt": ">1"}),
        ("object:testapp.site:7", {"object": "testapp.site:7"}),
        ("arg.invoice:INV-1 arg.n:3", {"arg": {"invoice": "INV-1", "n": 3}}),
        ('arg.n:"3" arg.title:"two words"', {"arg": {"n": "3", "title": "two words"}}),
        ("arg.a:b:c arg.options:{}", {"arg": {"a": "b:c", "options": {}}}),
        ('error:"timed out"', {"error": "timed out"}),
        (r'error:"say \"no\" \\"', {"error": r'say "no" \ '.strip()}),
        ("name:Night", {"name": "Night"}),
        ("failure:a.Error", {"failure": ["a.Error"]}),
        ("failure:a.Error@b.c", {"failure": ["a.Error", "b.c"]}),
        ("failure:@", {"failure": ["", ""]}),
        ('failure:"odd error@b c"', {"failure": ["odd error", "b c"]}),
        ("17", {"ids": [17]}),
        ("id:17,4 id:5", {"ids": [17, 4, 5]}),
        ('"17"', {"ids": [17]}),
        ("after 30 seconds", {"text": ["after", "30", "seconds"]}),
        ('two "words here"', {"text": ["two", "words here"]}),
        ('"http://x"', {"text": ["http://x"]}),
        ("\u0661\u0667", {"text": ["\u0661\u0667"]}),
        ("9" * 19, {"text": ["9" * 19]}),
    ],
)
def test_a_query_means_a_selection(text: str, selection: dict[str, Any]) -> None:
    assert meant(text) == selection


def test_a_user_is_named_by_the_name_and_a_span_ends_now() -> None:
    ann = User.objects.create(username="ann")
    query = read("user:ann since:2h before:2026-01-31T12:00+01:00")

    assert query.selection.user == str(ann.pk)
    assert query.selection.since is not None
    assert abs(timezone.now() - query.selection.since - timedelta(hours=2)) < timedelta(minutes=1)
    assert query.selection.to_json()["before"] == "2026-01-31T11:00:00+00:00"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("status:done", "status must be one of pending, .*, finished, not 'done'"),
        ("colour:red", "There is no filter 'colour'. The filters are: status, class"),
        ("http://x", 'put it between quotes: "http://x"'),
        ("class:Nope", "class 'Nope' ends no registered path"),
        ("since:yesterday", "since must be a span such as 90s"),
        ("object:site", "object must be written as app.model:key"),
        ("user:nobody", "user 'nobody' is the name of no user"),
        ("worker:x", "worker must be a number from the list of workers, not 'x'"),
        ("id:1,x", "id must be a number from the list of ids, not 'x'"),
        ("attempt:many", "attempt must be a number such as 2, >1 or <=3, not 'many'"),
        ("attempt:>32768", "attempt must be at most 32767, not 32768"),
        ("arg.password:x", "a value is redacted"),
        ('error:"timed', "has a quote that is not closed"),
        ("queue:a queue:b", "queue is given 2 times, and a job has only one"),
        ('queue:""', "queue has no value"),
        ("a\0b", "NUL character"),
        ("queue:a\0b", "NUL character"),
        ("x" * (LONGEST + 1), "more than 4,000 characters"),
        ("id:" + "9" * 3000, "id must be a number"),
    ],
)
def test_a_mistake_is_told_with_the_value_and_the_remedy(text: str, said: str) -> None:
    query = read(text)

    assert not query.is_readable
    assert query.selection.is_empty
    assert any(re.search(said, each) for each in query.problems.values())


@settings(deadline=None)
@given(
    st.lists(
        st.builds(
            Term,
            st.sampled_from([*FIELDS, "", "arg.x"]),
            st.text(st.characters(codec="utf-8"), max_size=20),
        ),
        max_size=6,
    )
)
def test_a_query_is_the_same_after_it_was_written(terms: list[Term]) -> None:
    terms = [term for term in terms if not term.key.startswith("arg.") and term.value]
    text = " ".join(map(str, terms))

    assert terms_of(text) == tuple(dict.fromkeys(terms))


@settings(deadline=None)
@given(st.text(max_size=60))
def test_any_text_is_read_or_refused_and_no_text_breaks_the_page(text: str) -> None:
    query = read(text)

    for term in query.terms:
        assert read(query.without(term)).terms == terms_of(query.without(term))


def test_a_filter_that_is_added_replaces_the_same_filter_but_not_a_status_or_a_word() -> None:
    present = terms_of("queue:low status:failed word")

    assert merged(present, terms_of("queue:high")) == "status:failed word queue:high"
    assert merged(present, terms_of("status:errored other")) == (
        "queue:low status:failed word status:errored other"
    )


@pytest.mark.parametrize(
    ("given", "query"),
    [
        ({"status__exact": "errored"}, "status:errored"),
        (
            {"status__exact": "running", "worker__id__exact": "5"},
            "status:running worker:5",
        ),
        ({"q": "boom", "queue_name": "low", "p": "3"}, "boom queue:low"),
        ({"created__gte": "2026-01-02 00:00:00+00:00"}, 'since:"2026-01-02 00:00:00+00:00"'),
        (
            {"q": "queue:low", "add": "since:2h", "status": "failed"},
            "queue:low since:2h status:failed",
        ),
        ({"q": "queue:low status:failed", "status": ""}, "queue:low"),
        ({"q": "queue:low", "add": ""}, "queue:low"),
    ],
)
def test_older_addresses_and_forms_become_a_query(given: dict[str, str], query: str) -> None:
    found = asked(given)

    assert (found.query, found.is_moved, found.unknown) == (query, True, [])


def test_an_unknown_filter_of_an_address_is_not_passed_over() -> None:
    assert asked({"name__regex": "x", "utm": "y"}).unknown == ["name__regex", "utm"]


def test_each_filter_stands_in_the_table_of_the_documentation() -> None:
    documented = [row[0].strip("`") for row in table(DOCS / "pages.md", "filter")]
    assert documented == [*FIELDS, "arg.<name>"]
