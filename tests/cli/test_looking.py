"""``manage.py pgjobs``: the verbs that only look."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from pgjobs.models import Job, JobLogEntry
from tests.apps.testapp.jobs import Noop
from tests.support.moments import ago
from tests.support.rows import a_failure, a_job, a_site, a_worker
from tests.support.sql import query

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("nothing_counted")]

Run = Callable[..., Any]


def log(job: Job, message: str, level: str = "info") -> None:
    JobLogEntry.objects.create(job=job, timestamp=timezone.now(), level=level, message=message)


def ids(ran: Any) -> list[int]:
    return [row["id"] for row in ran.json]


# list ------------------------------------------------------------------------------------


def test_the_list_shows_the_newest_job_first_in_a_table(pgjobs: Run) -> None:
    old, new = a_job("errored", error="ValueError: boom\nmore"), a_job(queue_name="high")

    head, first, second = pgjobs("list").out.splitlines()

    assert head.split()[:4] == ["id", "status", "queue", "name"]
    assert first.split()[:4] == [str(new.pk), "pending", "high", "Noop"]
    assert second.split()[0] == str(old.pk)
    assert second.endswith("ValueError: boom")


def test_as_json_moments_are_iso_and_spans_are_seconds(pgjobs: Run) -> None:
    job = a_job("completed")

    (row,) = pgjobs("list", "--json").json

    assert datetime.fromisoformat(row["started"]) == job.started
    assert row["duration"] == pytest.approx(60, abs=1)
    assert row["late_by"] is None


def test_each_filter_leaves_the_jobs_that_pass_it(pgjobs: Run) -> None:
    site = a_site()
    worker = a_worker()
    jobs = {
        "status": a_job("failed"),
        "queue": a_job(queue_name="low"),
        "class": a_job(job_class="other.jobs.Sync"),
        "worker": a_job("running", worker=worker),
        "since": a_job(),
        "arg": a_job(kwargs={"invoice": "INV-1", "full": True, "n": 3}),
        "error": a_job("errored", error="OSError: No Route", completed=timezone.now()),
        "object": Noop.enqueue(site),
        "failure": a_job("errored", errors=[a_failure(exception="net.NoRoute", frame="app.sync")]),
    }
    old = [job.pk for name, job in jobs.items() if name != "since"]
    Job.objects.filter(pk__in=old).update(created=ago(days=2))
    for words in (
        ["status", "--status", "failed"],
        ["queue", "--queue", "low"],
        ["class", "--class", "other.jobs.Sync"],
        ["worker", "--worker", worker.pk],
        ["since", "--since", "1d"],
        ["since", "--since", ago(hours=1).isoformat()],
        ["error", "--ended", "30s"],
        ["arg", "--arg", "invoice=INV-1"],
        ["arg", "--arg", "full=true", "--arg", "n=3"],
        ["error", "--error", "no route"],
        ["failure", "--failure", "net.NoRoute"],
        ["failure", "--failure", "net.NoRoute@app.sync"],
        ["object", "--object", f"testapp.site:{site.pk}"],
        ["queue", jobs["queue"].pk],
    ):
        assert ids(pgjobs("list", "--json", *words[1:])) == [jobs[str(words[0])].pk], words


def test_the_end_of_the_path_of_a_class_is_enough(pgjobs: Run) -> None:
    job = a_job()
    a_job(job_class="other.jobs.Sync")

    assert ids(pgjobs("list", "--json", "--class", "Noop")) == [job.pk]


def test_a_list_without_a_job_exits_with_1(pgjobs: Run) -> None:
    assert pgjobs("list", "--json") == (1, "[]\n", "")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("list", "No job matches."),
        ("list --queue low", "No job matches."),
        (
            "list --queue lwo",
            "No job matches. --queue: There is no queue 'lwo'. The queues are: high, default, low",
        ),
        (
            "list --arg card=4111",
            "No job matches. --arg leaves out classes that hide the argument: "
            "tests.apps.testapp.jobs.Charging.",
        ),
        ("queues", "No queue has live jobs, and no worker lives."),
        ("workers", "No worker lives. Start one: manage.py pgjobs_worker."),
        ("schedules", "No schedule is stored."),
        ("failures", "No job that is kept has errored or failed."),
        ("stats", "No job has ended since "),
        ("stats --by failure", "No job has errored or failed since "),
    ],
)
def test_a_table_without_rows_is_explained_on_the_standard_error(
    words: str, said: str, pgjobs: Run
) -> None:
    ran = pgjobs(*words.split())

    assert (ran.out, ran.errors[: len(said)]) == ("", said)
    assert pgjobs(*words.split(), "--json").errors == ""


def test_a_list_that_is_cut_says_so(pgjobs: Run) -> None:
    for _ in range(3):
        a_job()

    ran = pgjobs("list", "--limit", 2)

    assert len(ran.out.splitlines()) == 3
    assert ran.errors == "There are more than 2 such jobs; --limit shows more.\n"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--since", "yesterday"], "--since must be a span such as 90s"),
        (["--since", f"{9**99}w"], "--since must be a span"),
        (["--since", "2026-02-31T00:00"], "--since must be a span"),
        (["--attempt", ">99999"], "--attempt must be at most 32767, not 99999"),
        (["--arg", "invoice"], "--arg must be written as name=value, not 'invoice'"),
        (["--class", "Nope"], "--class 'Nope' ends no registered path: "),
        (["--object", "site"], "--object must be written as app.model:key"),
        (["--object", "testapp.site:"], "--object must be written as app.model:key"),
        (["--object", "testapp.sight:3"], "--object must be written as app.model:key"),
        (["--object", "testapp.site:Lund"], "--object must be written as app.model:key"),
        (["--queue", "a\0b"], "--queue holds a NUL character"),
        (["--error", "\udcff"], "--error holds a lone surrogate"),
        (["--arg", r'a="\u0000"'], "--arg a holds a NUL character"),
        (["--arg", r'a=["\ud800"]'], "--arg a[0] holds a lone surrogate"),
        (["--arg", "a=1e999"], "--arg a is inf, which JSON does not have"),
        (["--status", "done"], "invalid choice: 'done'"),
        (["--limit", "0"], "--limit must be a number from 1 to 1000000000, not 0"),
        (["--limit", str(2**63)], "--limit must be a number from 1 to 1000000000"),
    ],
)
def test_a_wrong_filter_is_refused_with_its_value(
    pgjobs: Run, words: list[str], message: str
) -> None:
    a_job()
    ran = pgjobs("list", *words)

    assert (ran.code in (1, 2), ran.out) == (True, "")
    assert message in ran.errors


def test_what_others_wrote_can_not_steer_the_terminal(pgjobs: Run) -> None:
    job = a_job("errored", name="\x1b[2Jgone", error="bell \a", data={"a": "\x1b[31m"})
    log(job, "red \x1b[31m\nnew line")

    for words in (["list"], ["show", job.pk], ["logs", job.pk], ["why", job.pk], ["failures"]):
        assert "\x1b" not in pgjobs(*words).out
        assert "\a" not in pgjobs(*words).out


# One job ---------------------------------------------------------------------------------


def test_show_tells_all_of_a_job(pgjobs: Run) -> None:
    job = a_job(
        "errored",
        kwargs={"full": True},
        data={"seen": [1, 2]},
        error="ValueError: boom\nTraceback",
        errors=[a_failure()],
        attempt=1,
    )

    out = pgjobs("show", job.pk).out

    for words in ('"full": true', '"seen"', "ValueError: boom", "finished: It is errored"):
        assert words in out
    assert "attempt 1: builtins.ValueError: boom\n" in out
    assert "  Traceback (most recent call last):\n" in out
    shown = pgjobs("show", job.pk, "--json").json
    assert (shown["id"], shown["kwargs"], shown["time_limit"]) == (job.pk, {"full": True}, 300.0)
    assert shown["errors"][0]["message"] == "boom"


@pytest.mark.parametrize(
    ("errors", "shown"),
    [(5, "5"), ("boom", "boom"), ({"a": 1}, "{'a': 1}"), ([None], "None"), ([[]], "[]")],
)
def test_show_tells_errors_of_any_json(errors: Any, shown: str, pgjobs: Run) -> None:
    ran = pgjobs("show", a_job("errored", errors=errors).pk)

    assert ran.code == 0
    (line,) = [each for each in ran.out.splitlines() if each.startswith("errors")]
    assert line.split(maxsplit=1)[1] == shown


def test_a_number_that_python_reads_as_infinite_does_not_break_the_document(pgjobs: Run) -> None:
    job = a_job()
    query("UPDATE pgjobs_job SET kwargs = %s WHERE id = %s", f'{{"n": 1{400 * "0"}.5}}', job.pk)

    assert pgjobs("show", job.pk, "--json").json["kwargs"] == {"n": "Infinity"}


def test_why_gives_the_reasons_in_their_order(pgjobs: Run) -> None:
    job = a_job(interruptions=1)

    assert [row["reason"] for row in pgjobs("why", job.pk, "--json").json] == [
        "no worker",
        "interrupted",
    ]
    assert pgjobs("why", job.pk).out.splitlines() == [
        "no worker: No living worker serves the queue default.",
        "interrupted: It lost its worker once, and began anew.",
    ]


@pytest.mark.parametrize("verb", ["show", "why", "logs"])
def test_a_job_that_is_gone_is_told(pgjobs: Run, verb: str) -> None:
    assert pgjobs(verb, 4711) == (2, "", "There is no job 4711. Perhaps it was pruned.")


def test_the_moments_of_a_log_are_in_the_zone_of_the_project(pgjobs: Run) -> None:
    job = a_job("running")
    log(job, "first")

    with timezone.override("Asia/Kathmandu"):
        moment = timezone.localtime(JobLogEntry.objects.get().timestamp)
        assert pgjobs("logs", job.pk).out.startswith(f"{moment:%Y-%m-%d %H:%M:%S} info")


def test_the_log_of_a_job_is_written_line_by_line(pgjobs: Run) -> None:
    job = a_job("running")
    log(job, "first")
    log(job, "second", "warning")
    log(job, "third\nof two lines")

    first, second, third, rest = pgjobs("logs", job.pk).out.splitlines()

    assert first.endswith("info     first")
    assert second.endswith("warning  second")
    assert (third[-5:], rest) == ("third", "    of two lines")
    assert [line["message"] for line in pgjobs("logs", job.pk, "--json").json] == [
        "first",
        "second",
        "third\nof two lines",
    ]


@pytest.mark.django_db(transaction=True)
def test_a_log_is_followed_until_the_job_has_finished(pgjobs: Run) -> None:
    job = a_job("running")
    log(job, "first")

    def go_on() -> None:
        log(job, "second")
        Job.objects.filter(pk=job.pk).update(status="completed", completed=timezone.now())
        connection.close()

    later = threading.Timer(0.7, go_on)
    later.start()
    out = pgjobs("logs", job.pk, "--follow").out
    later.join()

    assert [line.split()[-1] for line in out.splitlines()] == ["first", "second"]


def test_a_document_that_never_ends_is_refused(pgjobs: Run) -> None:
    assert "can't be combined" in pgjobs("logs", a_job().pk, "--follow", "--json").errors


# The cluster -----------------------------------------------------------------------------


def test_the_queues_are_listed_with_their_jobs(pgjobs: Run) -> None:
    a_job(queue_name="low", scheduled=ago(minutes=5))

    (row,) = pgjobs("queues", "--json").json

    assert (row["queue"], row["pending"], row["workers"]) == ("low", 1, 0)
    assert row["latency"] == pytest.approx(300, abs=5)
    assert pgjobs("queues").out.splitlines()[1].split()[:2] == ["low", "1"]


def test_the_workers_are_listed_and_the_exit_code_says_whether_one_lives(pgjobs: Run) -> None:
    assert pgjobs("workers").code == 1
    a_worker(has_session_lock=False, heartbeat=ago(minutes=1))
    assert pgjobs("workers").code == 1
    a_worker(has_session_lock=False)

    ran = pgjobs("workers", "--json")

    assert ran.code == 0
    assert {row["state"] for row in ran.json} == {"silent", "alive"}
    assert "high, default, low" in pgjobs("workers").out


def test_the_schedules_are_listed_and_a_late_one_is_told_by_the_exit_code(pgjobs: Run) -> None:
    add = "INSERT INTO pgjobs_schedule (job_class, interval, cron, next_run, enabled) VALUES "
    query(f"{add} ('fine', 5, '', now() + interval '1 minute', true)")
    assert pgjobs("schedules").code == 0
    query(f"{add} ('late', 5, '', now() - interval '1 hour', true)")

    ran = pgjobs("schedules", "--json")

    assert (ran.code, [row["job_class"] for row in ran.json]) == (1, ["late", "fine"])


def test_failures_are_listed_by_kind(pgjobs: Run) -> None:
    for _ in range(2):
        a_job("errored", error="ValueError: boom")

    (row,) = pgjobs("failures", "--json").json

    assert (row["jobs"], row["error"]) == (2, "ValueError: boom")


# health ----------------------------------------------------------------------------------


def test_an_empty_cluster_is_healthy(pgjobs: Run) -> None:
    assert pgjobs("health") == (0, "healthy\n", "")


def test_a_queue_with_jobs_and_no_worker_is_not_healthy_unless_it_is_paused(pgjobs: Run) -> None:
    a_job(queue_name="low")
    assert pgjobs("health") == (1, "No living worker serves the queue low.\n", "")

    pgjobs("pause", "low")
    assert pgjobs("health").code == 0


def test_a_named_queue_must_have_a_worker_even_if_it_is_empty(pgjobs: Run) -> None:
    assert pgjobs("health", "--queue", "high").code == 1
    a_worker(has_session_lock=False)
    assert pgjobs("health", "--queue", "high").code == 0


def test_a_job_that_waits_too_long_is_not_healthy(pgjobs: Run) -> None:
    a_worker(has_session_lock=False)
    a_job(scheduled=ago(minutes=5))

    assert pgjobs("health", "--max-wait", "10m").code == 0
    ran = pgjobs("health", "--max-wait", "1m", "--json")
    assert (ran.code, ran.json["healthy"]) == (1, False)
    assert ran.json["faults"] == ["A job of the queue default has waited for 5 min 0 s."]
    assert pgjobs("health", "--max-wait", "soon").code == 2


def test_a_cluster_whose_system_jobs_will_not_run_is_not_healthy(pgjobs: Run) -> None:
    add = "INSERT INTO pgjobs_schedule (job_class, interval, cron, next_run, enabled) VALUES "
    query(f"{add} ('fine', 5, '', now() + interval '1 minute', true)")
    assert pgjobs("health").out == "No worker lives, so 1 system job will not run.\n"

    a_worker(has_session_lock=False)
    assert pgjobs("health").code == 0

    query(f"{add} ('late', 5, '', now() - interval '2 hours', true)")
    assert pgjobs("health").out == "The system job late is late by 2 h 0 min.\n"


def test_an_error_of_the_database_is_one_line(pgjobs: Run) -> None:
    query("DROP VIEW pgjobs_queues")

    ran = pgjobs("queues")

    assert (ran.code, ran.out) == (1, "")
    assert ran.errors.startswith('PostgreSQL refuses: relation "pgjobs_queues" does not exist')
    assert "\n" not in ran.errors


def test_a_view_of_an_older_schema_is_told_in_words(pgjobs: Run) -> None:
    a_job()
    query("ALTER VIEW pgjobs_jobs RENAME COLUMN time_limit TO of_another_release")

    ran = pgjobs("list")

    assert "has no column time_limit: run manage.py migrate pgjobs" in ran.errors
