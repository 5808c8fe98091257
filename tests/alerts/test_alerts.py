"""Alerts: each is told once as it is raised and once as it is cleared, whichever process looks."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.conf import LazySettings
from django.core.management import CommandError, call_command
from django.db import connections
from django.db.models.functions import Now
from django.utils import timezone

from pgjobs import alerts, events
from pgjobs.alerts import Alert, telling
from pgjobs.conf import find_problems
from pgjobs.models import AlertState, Job, Pause, Schedule
from tests.apps.testapp.jobs import Noop, Raising
from tests.support.elsewhere import elsewhere
from tests.support.environment import Environment, with_settings
from tests.support.eventually import eventually
from tests.support.moments import ago
from tests.support.rows import a_job, a_worker
from tests.support.sql import query
from tests.support.told_events import ToldSoFar
from tests.support.worker_process import RunningWorker, run_burst_here

pytestmark = pytest.mark.usefixtures("empty_queue", "no_system_jobs")

OFF = dict.fromkeys(("oldest_wait", "failure_rate", "no_worker", "late_schedule"))
Notified = list[tuple[str, str, bool]]

notified: Notified = []
error: Exception | None = None


def notify(alert: Alert) -> None:
    if error is not None:
        raise error
    notified.append((alert.kind, alert.subject, alert.is_raised))


@pytest.fixture(autouse=True)
def _nobody_notified(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(globals(), "notified", [])
    monkeypatch.setitem(globals(), "error", None)


def watch(settings: LazySettings, **thresholds: Any) -> None:
    settings.PGJOBS = {
        **settings.PGJOBS,
        "ALERTS": {**OFF, "notifier": f"{__name__}.notify", **thresholds},
    }


def waiting(minutes: float = 10, **options: Any) -> Job:
    """Enqueue a job that has waited for some minutes."""
    job = Noop.enqueue(**options)
    Job.objects.filter(pk=job.pk).update(created=Now() - timedelta(minutes=minutes))
    return job


def let_claims_lapse() -> None:
    """Let the two minutes of each teller pass that has not come back."""
    claimed = AlertState.objects.exclude(kind="turn").exclude(claimed_until=None)
    claimed.update(claimed_until=Now())


def test_a_long_wait_is_told_once_as_it_begins_and_once_as_it_ends(
    settings: LazySettings,
) -> None:
    watch(settings, oldest_wait=300)
    alerts.look_and_tell()
    assert notified == []
    job = waiting()
    for _ in range(3):
        alerts.look_and_tell()
    assert notified == [("oldest_wait", "default", True)]
    assert [each.subject for each in alerts.raised()] == ["default"]

    job.delete()
    for _ in range(3):
        alerts.look_and_tell()
    assert notified == [("oldest_wait", "default", True), ("oldest_wait", "default", False)]
    assert alerts.raised() == []
    assert AlertState.objects.exclude(kind="turn").count() == 0


def test_a_queue_without_a_worker_is_told_once_its_jobs_have_waited(
    settings: LazySettings,
) -> None:
    watch(settings, no_worker=60)
    job = waiting(0.5)
    alerts.look_and_tell()
    assert notified == []
    job.delete()
    waiting(2)
    a_worker(has_session_lock=False, queues=["low"])
    alerts.look_and_tell()
    assert notified == [("no_worker", "default", True)]
    assert [each.message for each in alerts.raised()] == [
        "A job of the queue default has waited for 120 s, and no living worker serves the queue."
    ]
    a_worker(has_session_lock=False, queues=["default"])
    alerts.look_and_tell()
    assert notified[1:] == [("no_worker", "default", False)]


def test_a_job_behind_those_of_a_paused_class_waits(settings: LazySettings) -> None:
    watch(settings, oldest_wait=300)
    Pause.objects.pause(job_class=Raising.path)
    Raising.enqueue()
    Job.objects.update(created=Now() - timedelta(hours=1))
    waiting(1)
    alerts.look_and_tell()
    assert notified == []
    Job.objects.update(created=Now() - timedelta(hours=1))
    alerts.look_and_tell()
    assert notified == [("oldest_wait", "default", True)]


def test_a_scheduled_job_that_is_due_waits(settings: LazySettings) -> None:
    watch(settings, oldest_wait=300)
    a_job("scheduled", scheduled=ago(minutes=10))
    alerts.look_and_tell()
    assert notified == [("oldest_wait", "default", True)]


def test_a_look_reads_few_of_the_pending_jobs(settings: LazySettings) -> None:
    watch(settings, oldest_wait=300)
    query(
        "INSERT INTO pgjobs_job (job_class, name, queue_name) "
        "SELECT 'a', 'a', 'low' FROM generate_series(1, 30000)"
    )
    query("VACUUM ANALYZE pgjobs_job")

    def entries_read() -> int:
        query("SELECT pg_stat_force_next_flush()")
        (row,) = query(
            "SELECT idx_tup_read + seq_tup_read AS read FROM pg_stat_user_indexes "
            "JOIN pg_stat_user_tables USING (relid) WHERE indexrelname = 'pgjobs_job_ready'"
        )
        return int(row["read"])

    before = entries_read()
    alerts.look_and_tell()

    assert entries_read() - before < 15_000


@pytest.mark.parametrize(
    "pause", [{"queue": "default"}, {"job_class": Noop.path}], ids=["queue", "class"]
)
def test_a_wait_by_a_pause_is_told_only_if_wanted(
    settings: LazySettings, pause: dict[str, str]
) -> None:
    watch(settings, oldest_wait=300, no_worker=60)
    Pause.objects.pause(**pause)
    waiting()
    alerts.look_and_tell()
    assert notified == []
    watch(settings, oldest_wait=300, paused=True)
    alerts.look_and_tell()
    assert notified == [("oldest_wait", "default", True)]


def test_a_job_that_is_not_due_does_not_wait(settings: LazySettings) -> None:
    watch(settings, oldest_wait=1, no_worker=1)
    waiting(schedule_at=timezone.now() + timedelta(hours=1))
    alerts.look_and_tell()
    assert notified == []


def test_failures_are_told_by_class_once_enough_jobs_have_ended(settings: LazySettings) -> None:
    watch(settings, failure_rate=0.5, failure_count=4)
    Raising.enqueue_many([{}] * 3)
    Noop.enqueue_many([{}] * 4)
    run_burst_here()
    alerts.look_and_tell()
    assert notified == []
    Raising.enqueue()
    run_burst_here()
    alerts.look_and_tell()
    assert notified == [("failure_rate", Raising.path, True)]

    Job.objects.filter(job_class=Raising.path).update(completed=Now() - timedelta(minutes=11))
    alerts.look_and_tell()
    assert notified[1:] == [("failure_rate", Raising.path, False)]


def test_a_late_schedule_is_told(settings: LazySettings) -> None:
    watch(settings, late_schedule=300)
    late = timezone.now() - timedelta(minutes=6)
    Schedule.objects.create(job_class="app.Late", interval=5, next_run=late)
    Schedule.objects.create(job_class="app.Off", interval=5, next_run=late, enabled=False)
    alerts.look_and_tell()
    assert notified == [("late_schedule", "app.Late", True)]


def test_each_change_has_a_log_line(
    settings: LazySettings, caplog: pytest.LogCaptureFixture
) -> None:
    watch(settings, oldest_wait=300, notifier="")
    job = waiting()
    alerts.look_and_tell()
    job.delete()
    alerts.look_and_tell()

    lines = [each.getMessage() for each in caplog.records if each.name == "pgjobs.alerts"]
    assert lines == [
        "alert=oldest_wait subject=default raised: "
        "A job of the queue default has waited for 600 s.",
        "alert=oldest_wait subject=default cleared",
    ]


def test_two_processes_that_look_at_once_tell_once(settings: LazySettings) -> None:
    watch(settings, oldest_wait=300)
    waiting()
    start = threading.Barrier(4)

    def look() -> None:
        start.wait()
        alerts.look_and_tell()
        connections.close_all()

    threads = [threading.Thread(target=look) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert notified == [("oldest_wait", "default", True)]


def test_workers_look_once_between_them(settings: LazySettings) -> None:
    watch(settings, oldest_wait=300)
    alerts.look_and_tell(unless_just_done=True)
    waiting()
    alerts.look_and_tell(unless_just_done=True)
    assert notified == []
    AlertState.objects.filter(kind="turn").update(claimed_until=Now())
    alerts.look_and_tell(unless_just_done=True)
    assert notified == [("oldest_wait", "default", True)]


def test_a_change_whose_teller_died_is_told_by_another_process(settings: LazySettings) -> None:
    watch(settings, oldest_wait=300)
    waiting()

    class Killed(BaseException):
        pass

    globals()["error"] = Killed()
    with pytest.raises(Killed):
        alerts.look_and_tell()
    globals()["error"] = None
    alerts.look_and_tell()
    assert notified == []  # the dead teller may be slow
    let_claims_lapse()
    alerts.look_and_tell()
    alerts.look_and_tell()
    assert notified == [("oldest_wait", "default", True)]


def test_a_notifier_that_raises_is_told_and_called_again(
    settings: LazySettings, told: ToldSoFar
) -> None:
    watch(settings, oldest_wait=300)
    waiting()
    globals()["error"] = ValueError("no mail")
    alerts.look_and_tell()
    assert told(events.AlertNotTold, error="no mail")
    assert not told(events.AlertRaised)
    globals()["error"] = None
    let_claims_lapse()
    alerts.look_and_tell()
    assert notified == [("oldest_wait", "default", True)]


def test_a_worker_tells_and_its_successor_does_not_repeat_it(
    child_environment: Environment,
) -> None:
    query(
        "INSERT INTO pgjobs_pause (kind, name) VALUES ('queue', 'default')"
    )  # so that the job goes on waiting
    waiting()
    thresholds = {**OFF, "oldest_wait": 300, "paused": True}
    environment = with_settings(child_environment, ALERTS=thresholds)
    with RunningWorker(environment) as worker:
        worker.until_told(events.AlertRaised)
        worker.kill()
    AlertState.objects.filter(kind="turn").update(claimed_until=Now())
    Job.objects.all().delete()
    with RunningWorker(environment) as worker:
        worker.until_told(events.AlertCleared)
        assert not worker.told(events.AlertRaised)
        assert worker.stop() == 0


@pytest.fixture
def output(capsys: pytest.CaptureFixture[str]) -> Iterator[Any]:
    return lambda: capsys.readouterr().out  # type: ignore[return-value]


def test_the_verb_tells_and_lists_what_is_raised(settings: LazySettings, output: Any) -> None:
    watch(settings, no_worker=60)
    call_command("pgjobs", "alerts")
    assert output() == ""
    waiting()
    with pytest.raises(SystemExit) as exit:
        call_command("pgjobs", "alerts", "--json")
    assert exit.value.code == 1
    (row,) = json.loads(output())
    assert (row["kind"], row["subject"], row["is_raised"]) == ("no_worker", "default", True)
    assert notified == [("no_worker", "default", True)]


def test_the_verb_refuses_if_alerts_are_off() -> None:
    with pytest.raises(CommandError, match="Alerts are off"):
        call_command("pgjobs", "alerts")


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        (7, "PGJOBS['ALERTS'] must be None or a dict of thresholds, not 7."),
        ({"oldest": 1}, "PGJOBS['ALERTS']['oldest'] is not a setting. The settings are: fail"),
        (
            {"oldest_wait": 0},
            "PGJOBS['ALERTS']['oldest_wait'] must be a number of seconds above 0 and at most "
            "1,000,000, or None, not 0.",
        ),
        ({"failure_rate": 2}, "PGJOBS['ALERTS']['failure_rate'] must be a number above 0 and at"),
        ({"failure_count": None}, "PGJOBS['ALERTS']['failure_count'] must be a whole number from"),
        ({"paused": 1}, "PGJOBS['ALERTS']['paused'] must be True or False, not 1."),
        ({"notifier": None}, "PGJOBS['ALERTS']['notifier'] must be a dotted path, not None."),
    ],
)
def test_a_wrong_threshold_is_a_problem(given: Any, problem: str) -> None:
    (found,) = find_problems({"ALERTS": given})
    assert found.startswith(problem)


def test_no_thresholds_are_all_defaults() -> None:
    assert find_problems({"ALERTS": {}}) == []


def test_an_alert_that_ends_while_its_notifier_runs_is_told_to_have_ended(
    settings: LazySettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    watch(settings, oldest_wait=300)
    job = waiting()

    def slow(alert: Alert) -> None:
        notified.append((alert.kind, alert.subject, alert.is_raised))
        if alert.is_raised:  # another process looks meanwhile
            job.delete()
            elsewhere(alerts.look_and_tell).result(20)

    monkeypatch.setitem(globals(), "notify", slow)
    alerts.look_and_tell()
    alerts.look_and_tell()

    assert notified == [("oldest_wait", "default", True), ("oldest_wait", "default", False)]
    assert AlertState.objects.exclude(kind="turn").count() == 0


class Hanging:
    """A notifier that hangs in its first call until it is let go, and then returns."""

    def __init__(self) -> None:
        self.is_in_call = threading.Event()
        self.go = threading.Event()

    def __call__(self, alert: Alert) -> None:
        if not self.is_in_call.is_set():
            self.is_in_call.set()
            assert self.go.wait(30)
        notified.append((alert.kind, alert.subject, alert.is_raised))


@pytest.fixture
def hanging(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hanging]:
    notifier = Hanging()
    monkeypatch.setitem(globals(), "notify", notifier)
    monkeypatch.setattr(telling, "_PATIENCE", 0.1)
    yield notifier
    notifier.go.set()


def has_lapsed() -> bool:
    """Return whether each change may be told by another process."""
    states = AlertState.objects.exclude(kind="turn")
    return not states.filter(claimed_until__gt=Now()).exists()


def test_an_alert_whose_notifier_hangs_is_told_to_have_ended_also_after_its_late_message(
    settings: LazySettings, hanging: Hanging
) -> None:
    watch(settings, oldest_wait=300)
    job = waiting()
    late = elsewhere(alerts.look_and_tell)
    assert hanging.is_in_call.wait(20)

    job.delete()
    eventually(has_lapsed)
    alerts.look_and_tell()
    assert notified == [("oldest_wait", "default", False)]
    hanging.go.set()
    late.result(20)
    alerts.look_and_tell()

    assert [is_raised for _, _, is_raised in notified] == [False, True, False]
    alerts.look_and_tell()
    assert len(notified) == 3
    assert AlertState.objects.exclude(kind="turn").count() == 0


def test_an_alert_that_returns_while_its_end_hangs_is_told_again_after_that_message(
    settings: LazySettings, hanging: Hanging
) -> None:
    watch(settings, oldest_wait=300)
    AlertState.objects.create(kind="oldest_wait", subject="default", active=True, told=True)
    ending = elsewhere(alerts.look_and_tell)
    assert hanging.is_in_call.wait(20)

    waiting()
    eventually(has_lapsed)
    alerts.look_and_tell()
    hanging.go.set()
    ending.result(20)
    alerts.look_and_tell()

    assert [is_raised for _, _, is_raised in notified] == [True, False, True]
    alerts.look_and_tell()
    assert len(notified) == 3


def test_an_alert_whose_teller_died_is_told_to_have_ended(settings: LazySettings) -> None:
    watch(settings, oldest_wait=300)
    job = waiting()

    class Killed(BaseException):
        pass

    globals()["error"] = Killed()
    with pytest.raises(Killed):
        alerts.look_and_tell()
    globals()["error"] = None
    job.delete()
    let_claims_lapse()
    alerts.look_and_tell()
    alerts.look_and_tell()

    assert notified == [("oldest_wait", "default", False)]
    assert AlertState.objects.exclude(kind="turn").count() == 0


def test_an_alert_that_came_and_went_between_two_tellings_is_not_told(
    settings: LazySettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    watch(settings, oldest_wait=300)
    job = waiting()
    with monkeypatch.context() as patch:
        patch.setattr(telling, "_tell_changes", lambda *_: None)
        alerts.look_and_tell()
    job.delete()
    alerts.look_and_tell()

    assert notified == []
    assert AlertState.objects.exclude(kind="turn").count() == 0


def test_a_change_waits_untaken_while_the_notifier_is_busy_with_another_one(
    settings: LazySettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    watch(settings, oldest_wait=300)
    waiting(queue_name="high")
    waiting(queue_name="low")
    told: list[tuple[str, int]] = []

    def slow(alert: Alert) -> None:
        taken = AlertState.objects.exclude(kind="turn").filter(claimed_until__gt=Now())
        told.append((alert.subject, taken.count()))

    monkeypatch.setitem(globals(), "notify", slow)
    alerts.look_and_tell()

    assert sorted(told) == [("high", 1), ("low", 1)]


def test_a_notifier_that_closes_the_connections_of_django_is_called_once(
    settings: LazySettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    watch(settings, oldest_wait=300)
    waiting(queue_name="high")
    waiting(queue_name="low")

    def closing(alert: Alert) -> None:
        notified.append((alert.kind, alert.subject, alert.is_raised))
        connections.close_all()

    monkeypatch.setitem(globals(), "notify", closing)
    alerts.look_and_tell()
    let_claims_lapse()
    alerts.look_and_tell()

    assert sorted(subject for _, subject, _ in notified) == ["high", "low"]
