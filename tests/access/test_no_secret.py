"""A secret is planted where a job holds values, and must come to light nowhere."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from pgjobs import stats
from pgjobs.cli.verbs import VERBS
from pgjobs.models import Job
from tests.apps.testapp.jobs import Charging, unlock
from tests.support.pages import EVERYTHING, at
from tests.support.rows import a_failure, a_job, a_worker, tell_sql
from tests.support.sql import query, view
from tests.support.staff import LIST, shown, signed_in

pytestmark = pytest.mark.django_db

SECRET = "hunter2-the-planted-secret"
READABLE = "readable-value"
HELD = {"options": [{"card": SECRET, "note": READABLE}], "db_password": {"a": [SECRET]}}


@pytest.fixture
def jobs() -> list[Job]:
    columns: dict[str, Any] = {
        "kwargs": {**HELD, "holder_name": SECRET},
        "args": [{"card": SECRET}],
        "meta": HELD,
        "data": HELD,
        "progress": {"done": 1, "total": 2, "message": "half", "card": SECRET},
    }
    tell_sql()
    return [
        a_job(job_class=Charging.path, **columns),
        a_job("running", job_class=Charging.path, worker=a_worker(), **columns),
        a_job(
            "failed",
            job_class=Charging.path,
            result=HELD,
            error="ValueError: boom",
            errors=[a_failure(card=SECRET)],
            **columns,
        ),
        a_job("failed", job_class="gone.jobs.Job", kwargs={"anything": SECRET}, args=[SECRET]),
        Job.enqueue(unlock, name="Unlock", door=READABLE, pin=SECRET),
    ]


def test_no_page_of_the_admin_shows_a_secret(jobs: list[Job]) -> None:
    client = signed_in(*EVERYTHING)
    pages = [LIST, "/admin/"]
    pages += [at(name) for name in ("overview", "failures", "workers", "logs", "journal")]
    for job in jobs:
        pages += [f"{LIST}{job.pk}/{page}/" for page in ("change", "delete")]
    pages += [f"{LIST}?q={SECRET}", f"{LIST}?q=arg.card:x", f"{LIST}?q=status:failed"]
    pages += [f"{LIST}confirm/?verb=cancel&id={jobs[0].pk}"]
    texts = {page: shown(client, page).replace(f"?q={SECRET}", "") for page in pages}
    for kind in ("csv", "json"):
        sent = client.get(f"{LIST}export/", {"format": kind})
        texts[kind] = b"".join(sent).decode()

    texts[f"{LIST}?q={SECRET}"] = ""  # the page repeats what was typed
    assert [page for page, text in texts.items() if SECRET in text] == []
    assert READABLE in texts[f"{LIST}{jobs[0].pk}/change/"]
    assert READABLE in texts[f"{LIST}{jobs[4].pk}/change/"]
    assert READABLE in texts["csv"]
    assert READABLE in texts["json"]


@pytest.mark.parametrize("name", ["jobs", "running"])
@pytest.mark.parametrize("job_class", [Charging.path, "gone.jobs.Job"])
def test_a_view_hides_keys_in_a_message_of_progress_that_is_no_text(
    job_class: str, name: str
) -> None:
    tell_sql()
    message = [{"card": SECRET, "note": READABLE}]
    job = a_job("running", job_class=job_class, progress={"message": message})

    shown_by = view(name, job.pk)["progress_message"]
    assert SECRET not in shown_by
    assert "[redacted]" in shown_by
    assert (READABLE in shown_by) == (job_class == Charging.path)


def test_a_view_hides_the_message_itself_if_its_key_is_hidden(settings: Any) -> None:
    settings.PGJOBS = {**settings.PGJOBS, "REDACT": ["*message*"]}
    tell_sql()
    job = a_job(job_class=Charging.path, progress={"message": SECRET})

    assert view("jobs", job.pk)["progress_message"] == "[redacted]"


def test_a_view_shows_a_message_that_is_a_text() -> None:
    tell_sql()
    for job_class in (Charging.path, "gone.jobs.Job"):
        job = a_job(job_class=job_class, progress={"message": "half", "card": SECRET})
        assert view("jobs", job.pk)["progress_message"] == "half"


@pytest.mark.parametrize("progress", [{"message": {"card": SECRET}}, [{"card": SECRET}]])
def test_the_page_of_a_job_hides_keys_in_progress_of_any_kind(progress: Any) -> None:
    job = a_job(job_class=Charging.path, progress=progress)

    html = shown(signed_in("view_job"), job.get_absolute_url())

    assert SECRET not in html
    assert "[redacted]" in html


def test_a_value_that_python_cannot_read_hides_its_keys() -> None:
    job = a_job()
    query(
        f"""UPDATE pgjobs_job SET kwargs = '{{"password": "{SECRET}", "n": {"9" * 5000}}}'::jsonb"""
    )

    html = shown(signed_in("view_job"), job.get_absolute_url())
    assert SECRET not in html
    assert "[redacted]" in html
    assert "9" * 5000 in html


def test_no_verb_shows_a_secret(jobs: list[Job], pgjobs: Callable[..., Any]) -> None:
    ids = [job.pk for job in jobs]
    options: dict[str, list[list[object]]] = {
        **{key: [[each] for each in ids] for key in ("show", "why", "logs")},
        **{key: [[*ids]] for key in ("cancel", "retry", "delete")},
        **{key: [["low"]] for key in ("pause", "resume")},
        "prune": [["--days", 90, "--yes"]],
        "enqueue": [["Charging", "--kwargs", f'{{"card": "{SECRET}"}}']],
    }
    words = [[name, *more] for name in VERBS for more in options.get(name, [[]])]
    # The last verbs change the jobs.
    words.sort(key=lambda each: each[0] in ("cancel", "retry", "delete"))
    shown_by = {}
    for each in words:
        for form in ([], ["--json"]):
            ran = pgjobs(*each, *form)
            shown_by[" ".join(map(str, [*each, *form]))] = ran.out + ran.errors

    assert [verb for verb, text in shown_by.items() if SECRET in text] == []
    assert READABLE in shown_by[f"show {jobs[0].pk}"]
    assert READABLE in shown_by["list --json"]


def test_the_rows_in_python_hide_what_a_worker_does_not_know_yet(jobs: list[Job]) -> None:
    query("UPDATE pgjobs_registry SET options = jsonb_set(options, '{hidden}', '\"(?=a)b\"')")

    assert SECRET in str(query("SELECT arguments FROM pgjobs_jobs"))
    assert SECRET not in str(stats.jobs([job.pk for job in jobs]))


def test_no_repr_shows_a_secret(jobs: list[Job]) -> None:
    assert SECRET not in repr([*jobs, *Job.objects.all()]) + "".join(map(str, jobs))
