"""``manage.py pgjobs``: the verbs that change something."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from pgjobs.management.commands.pgjobs import Command
from pgjobs.models import Job, JournalEntry, Pause
from pgjobs.steering import carrying
from tests.apps.testapp.jobs import Noop
from tests.support.moments import ago
from tests.support.rows import a_job, a_site

pytestmark = pytest.mark.django_db

Run = Callable[..., Any]


def statuses() -> list[str]:
    return list(Job.objects.order_by("pk").values_list("status", flat=True))


# Some ids --------------------------------------------------------------------------------


def test_jobs_are_cancelled_by_their_ids_and_named(pgjobs: Run) -> None:
    first, second = a_job(), a_job("scheduled")

    ran = pgjobs("cancel", first.pk, second.pk, first.pk)

    assert ran == (0, f"{first.pk} cancelled\n{second.pk} cancelled\n", "")
    assert statuses() == ["cancelled", "cancelled"]


def test_a_job_that_cannot_change_is_named_and_the_others_change(pgjobs: Run) -> None:
    finished, waiting = a_job("completed"), a_job()

    ran = pgjobs("cancel", finished.pk, 4711, waiting.pk)

    assert (ran.code, ran.out) == (1, f"{waiting.pk} cancelled\n")
    assert f"have finished or do not exist: {finished.pk}, 4711." in ran.errors


def test_jobs_are_retried_and_deleted_by_their_ids(pgjobs: Run) -> None:
    failed, done, live = a_job("failed"), a_job("completed"), a_job()

    assert pgjobs("retry", failed.pk).out == f"{failed.pk} pending\n"
    assert pgjobs("delete", done.pk, live.pk, "--json").json == {
        "changed": [done.pk],
        "refused": [live.pk],
    }
    assert statuses() == ["pending", "pending"]


# By filters ------------------------------------------------------------------------------


def test_a_filter_alone_does_not_change_many_jobs(pgjobs: Run) -> None:
    for _ in range(3):
        a_job("failed")

    ran = pgjobs("retry", "--status", "failed")

    assert (ran.code, ran.errors) == (2, "3 jobs match. Give --yes to have them pending again.")
    assert statuses() == ["failed"] * 3


def test_all_jobs_that_pass_a_filter_change_with_yes(
    pgjobs: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(carrying, "BATCH", 2)
    for _ in range(5):
        a_job("failed")
    other = a_job("failed", queue_name="low")

    ran = pgjobs("retry", "--queue", "default", "--yes", "--here")

    assert (ran.code, ran.out) == (0, "5 of 5 jobs pending again.\n")
    assert ran.errors.endswith("2 of 5\n4 of 5\n5 of 5\n")
    assert Job.objects.exclude(status="pending").get() == other


@pytest.mark.parametrize(("answer", "left"), [("y\n", 0), ("n\n", 2), ("\n", 2), ("", 2)])
def test_a_person_is_asked(
    pgjobs: Run, monkeypatch: pytest.MonkeyPatch, answer: str, left: int
) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    a_job("failed")
    a_job("failed")
    monkeypatch.setattr(sys, "stdin", Terminal(answer))

    ran = pgjobs("delete", "--status", "failed")

    assert "2 jobs match. Shall they be deleted?" in ran.errors
    assert (Job.objects.count(), ran.code) == (left, 0 if left == 0 else 1)


def test_only_jobs_that_can_change_are_counted(pgjobs: Run) -> None:
    for status in ("pending", "running", "completed"):
        a_job(status, queue_name="low")

    assert pgjobs("cancel", "--queue", "low", "--yes", "--json").json == {
        "action": JournalEntry.objects.get().pk,
        "matched": 2,
        "changed": 2,
        "refused": 0,
        "state": "done",
    }


def test_nothing_that_matches_exits_with_1(pgjobs: Run) -> None:
    assert pgjobs("retry", "--status", "failed").code == 1


@pytest.mark.parametrize("verb", ["cancel", "retry", "delete"])
def test_a_verb_without_a_filter_changes_nothing(pgjobs: Run, verb: str) -> None:
    a_job("failed")
    a_job()

    ran = pgjobs(verb, "--yes")

    assert (ran.code, statuses()) == (2, ["failed", "pending"])
    assert "Name jobs by their ids, or by a filter" in ran.errors


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("--stauts failed", "unrecognized argument: --stauts. Did you mean --status?"),
        ("--dry-run", "unrecognized argument: --dry-run."),
        (
            "--settings=x",
            "unrecognized argument: --settings. --settings stands before the verb.",
        ),
        ("--queue lwo --frobnicate", "unrecognized argument: --frobnicate."),
    ],
)
def test_an_option_that_the_verb_lacks_is_refused_with_the_usage_of_the_verb(
    words: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as end:
        Command().run_from_argv(["manage.py", "pgjobs", "retry", *words.split()])

    errors = capsys.readouterr().err
    assert end.value.code == 2
    assert errors.startswith("usage: manage.py pgjobs retry [-h]")
    assert errors.endswith(f"error: {said}\n")


# Pausing ---------------------------------------------------------------------------------


def test_a_queue_and_a_class_are_paused_and_resumed(pgjobs: Run) -> None:
    ran = pgjobs("pause", "low", "--job-class", Noop.path)
    assert ran.out == f"low paused\n{Noop.path} paused\n"
    assert pgjobs("pause", "--class", "Noop").out == f"{Noop.path} was paused already\n"
    assert pgjobs("pause", "low", "--json").json == [{"queue": "low", "changed": False}]
    assert pgjobs("resume", "low", "--job-class", Noop.path).code == 0
    assert not Pause.objects.exists()


def test_nothing_is_paused_if_one_of_the_names_does_not_exist(pgjobs: Run) -> None:
    ran = pgjobs("pause", "low", "nope")

    assert (ran.code, ran.out) == (1, "")
    assert "'nope'" in ran.errors
    assert not Pause.objects.exists()


@pytest.mark.parametrize("verb", ["resume", "drain", "restart"])
def test_a_name_that_is_no_text_is_refused(pgjobs: Run, verb: str) -> None:
    ran = pgjobs(verb, "\udcff")

    assert ran.code in (1, 2)
    assert "\\udcff" in ran.errors


# Enqueueing ------------------------------------------------------------------------------


def test_no_subject_to_pause_is_a_wrong_use(pgjobs: Run) -> None:
    assert pgjobs("pause").code == pgjobs("resume").code == 2


def test_the_sql_of_the_roles_is_one_document_as_json(pgjobs: Run) -> None:
    assert pgjobs("roles", "--json").json == {"sql": pgjobs("roles").out.rstrip("\n")}


@pytest.mark.parametrize("name", ["immediate", "meta", "job_timeout", "user", "queue_name"])
def test_an_argument_that_is_called_like_an_option_goes_to_run(pgjobs: Run, name: str) -> None:
    assert pgjobs("enqueue", "Noop", "--kwargs", f'{{"{name}": null}}').code == 0

    assert Job.objects.get().kwargs == {name: None}


def test_a_job_is_enqueued_by_the_end_of_its_path(pgjobs: Run) -> None:
    site = a_site()
    ran = pgjobs(
        "enqueue", "Noop", "--object", f"testapp.site:{site.pk}", "--kwargs", '{"full": true}',
        "--queue", "low", "--at", "2h", "--interval", "60", "--priority", "5",
        "--timeout", "30", "--max-attempts", "2",
    )  # fmt: skip

    job = Job.objects.get(pk=ran.out)
    assert (job.job_class, job.object, job.kwargs) == (Noop.path, site, {"full": True})
    assert (job.queue_name, job.interval, job.priority) == ("low", 60, 5)
    assert (job.timeout, job.max_attempts, job.status) == (30, 2, "scheduled")
    assert job.scheduled is not None
    assert abs(job.scheduled - timezone.now() - timedelta(hours=2)) < timedelta(minutes=1)


def test_once_returns_the_job_that_is_there(pgjobs: Run) -> None:
    first = pgjobs("enqueue", "Noop", "--once", "--json").json
    assert (first["status"], first["queue"]) == ("pending", "default")
    assert pgjobs("enqueue", "Noop", "--once", "--json").json == first


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["NoSuch"], "The job class 'NoSuch' is not registered; known are: "),
        (["Noop", "--kwargs", "[1]"], "--kwargs must be a JSON object"),
        (["Noop", "--kwargs", "{"], "--kwargs is no JSON"),
        (["TakesTime"], "TakesTime.run() needs seconds"),
        (["TakesTime", "--kwargs", '{"secodns": 5}'], "Did you mean seconds?"),
        (["Noop", "--queue", "slow"], "queue_name 'slow' is not a queue"),
        (["Nope"], "Did you mean Noop?"),
        (["Noop", "--timeout", "0"], "timeout must be"),
        (["Noop", "--at", "later"], "--at must be a span"),
        (["Noop", "--name", "Mine"], "has the name of its class"),
        (["Noop", "--object", "testapp.site:4711"], "The object testapp.site:4711 does not exist"),
        (["Noop", "--object", "auth.group:x"], "--object must be written as app.model:key"),
    ],
)
def test_a_wrong_option_is_refused_and_no_job_is_made(
    pgjobs: Run, words: list[str], message: str
) -> None:
    ran = pgjobs("enqueue", *words)

    assert (ran.code > 0, ran.out) == (True, "")
    assert message in ran.errors
    assert not Job.objects.exists()


# Pruning ---------------------------------------------------------------------------------


def test_old_jobs_are_pruned(pgjobs: Run) -> None:
    a_job("completed", started=ago(days=9), completed=ago(days=8))
    kept = a_job("completed")

    assert "1 jobs match. Give --yes" in pgjobs("prune", "--days", 7).errors
    assert pgjobs("prune", "--days", 7, "--yes") == (0, "1 of 1 jobs deleted.\n", "")
    assert Job.objects.get() == kept
    nothing = pgjobs("prune", "--days", 7, "--json")
    assert (nothing.code, nothing.json["matched"], nothing.json["changed"]) == (0, 0, 0)
    assert "days must be" in pgjobs("prune", "--days", -1).errors
