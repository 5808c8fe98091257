"""The pages of the list: each job once, in order, whatever comes and goes between two pages."""

from __future__ import annotations

import pytest

from pgjobs.models import Job
from pgjobs.pages.listing import paging
from pgjobs.pages.listing.paging import Part, counted, part_of
from tests.support.rows import a_job
from tests.support.staff import LIST, signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture(params=[1000, 7], ids=["all counted", "more than counted"])
def limits(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    """Pages of 5 jobs. With the second limit the list walks along the key."""
    monkeypatch.setattr(paging, "PER_PAGE", 5)
    monkeypatch.setattr(paging, "COUNTED", request.param)
    monkeypatch.setattr(paging, "NEAR", 8)
    limit: int = request.param
    return limit


def some_jobs(number: int) -> list[int]:
    """Insert jobs, each second one in the queue ``low``; return their ids, the newest first."""
    made = [a_job(queue_name="low" if n % 2 else "default").pk for n in range(number)]
    return made[::-1]


def low() -> Part:
    return part_of(Job.objects.filter(queue_name="low").order_by())


def test_older_pages_give_each_job_once_to_the_very_end(limits: int) -> None:
    ids, jobs = some_jobs(23), Job.objects.order_by()
    part, pages = part_of(jobs), []
    while True:
        pages.append(part.ids)
        if not part.has_older:
            break
        part = part_of(jobs, before=part.ids[-1])

    assert [key for page in pages for key in page] == ids
    assert [len(page) for page in pages] == [5, 5, 5, 5, 3]


def test_newer_pages_go_back_from_the_oldest_to_the_newest(limits: int) -> None:
    ids, jobs = some_jobs(12), Job.objects.order_by()
    last = part_of(jobs, after=0)
    assert (last.ids, last.has_older, last.has_newer) == (ids[-5:], False, True)
    middle = part_of(jobs, after=last.ids[0])
    assert (middle.ids, middle.has_older, middle.has_newer) == (ids[2:7], True, True)
    first = part_of(jobs, after=middle.ids[0])
    assert (first.ids, first.has_older, first.has_newer) == (ids[:2], True, False)


def test_jobs_that_come_and_go_between_two_pages_neither_repeat_nor_hide_one(limits: int) -> None:
    ids, jobs = some_jobs(14), Job.objects.order_by()
    first = part_of(jobs)
    some_jobs(6)
    Job.objects.filter(pk=ids[2]).delete()

    second = part_of(jobs, before=first.ids[-1])
    assert (first.ids, second.ids) == (ids[:5], ids[5:10])
    assert second.has_newer


def test_a_page_between_two_jobs_that_are_gone_is_empty_and_leads_on(limits: int) -> None:
    ids = some_jobs(9)

    part = part_of(Job.objects.order_by(), before=ids[-1])
    assert (part.ids, part.has_newer, part.has_older) == ([], True, False)


def test_a_list_is_counted_up_to_the_limit_and_never_beyond(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(paging, "COUNTED", 4)
    jobs = Job.objects.order_by()
    some_jobs(4)
    assert (counted(jobs), part_of(jobs).total) == (4, 4)
    some_jobs(1)
    assert (counted(jobs), part_of(jobs).total) == (None, None)


def test_a_page_knows_its_place_only_if_it_is_certain(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(paging, "PER_PAGE", 3)
    ids, jobs = some_jobs(8), Job.objects.order_by()
    second = part_of(jobs, before=ids[2])
    assert (second.first, second.last, second.total) == (4, 6, 8)

    monkeypatch.setattr(paging, "COUNTED", 7)
    assert (part_of(jobs).first, part_of(jobs).last) == (1, 3)
    assert part_of(jobs, before=ids[2]).first is None


def test_the_page_says_more_than_and_links_to_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paging, "PER_PAGE", 2)
    monkeypatch.setattr(paging, "COUNTED", 3)
    monkeypatch.setattr("pgjobs.pages.listing.views.COUNTED", 3)
    ids, client = some_jobs(5), signed_in("view_job")

    html = client.get(LIST).content.decode()
    assert "of more than 3 jobs" in html
    assert f"{LIST}?before_id={ids[1]}" in html
    assert f"{LIST}?after_id=0" in html
    assert client.get(f"{LIST}?after_id=0").context["part"].ids == ids[-2:]


def test_a_look_at_the_first_page_again_moves_no_row_and_links_to_newer_jobs() -> None:
    (top, *_others), client = some_jobs(3), signed_in("view_job")
    a_job()

    response = client.get(LIST, {"top": top})
    assert response.context["part"].ids[0] == top
    assert "newer" in response.content.decode()
