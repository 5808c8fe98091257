"""``immediate=True``: the job runs here, before ``enqueue()`` returns."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from contextlib import nullcontext, suppress
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import DataError, connection, transaction

from pgjobs import BackgroundJob, JobFailed, events, job_start
from pgjobs.models import Job
from tests.apps.testapp.jobs import AboutObject, Coroutine, Failing, Noop, Raising, plain_function
from tests.apps.testapp.models import Country, Site
from tests.support import traces
from tests.support.elsewhere import elsewhere
from tests.support.environment import Environment, with_apps
from tests.support.rows import a_site
from tests.support.sql import advisory_locks, query
from tests.support.told_events import ToldSoFar

pytestmark = pytest.mark.django_db


class Duplicating(BackgroundJob):
    """Breaks the transaction that it runs in with a database error."""

    def run(self) -> None:
        Country.objects.create(code="se")
        Country.objects.create(code="se")


class LeavesOpen(BackgroundJob):
    """Opens a transaction and does not end it."""

    def run(self, how: str) -> None:
        match how:
            case "begins":
                connection.cursor().execute("BEGIN")
            case "enters_a_block":
                transaction.atomic().__enter__()
            case "switches_autocommit_off":
                transaction.set_autocommit(False)
        Country.objects.create(code="se")


class Closing(BackgroundJob):
    """Closes its connection, and counts the advisory locks afterwards."""

    def run(self, depth: int = 1) -> Any:
        inner = Closing.enqueue(immediate=True, depth=depth - 1).result if depth > 1 else []
        connection.close()
        return [*inner, [len(advisory_locks())]]


class Condemning(BackgroundJob):
    """Leaves the transaction that it runs in marked for rollback, without a database error."""

    def run(self) -> None:
        Country.objects.create(code="se")
        with transaction.atomic(savepoint=False):
            raise JobFailed("no good")


class LosesItsUser(BackgroundJob):
    """Has a successor for a user that is deleted while the job runs."""

    def run(self, deletes: User) -> None:
        successor = {"interval": 60, "user_id": str(deletes.pk)}
        Job.objects.filter(pk=self.job.pk).update(successor=successor)
        deletes.delete()


class Swallowing(BackgroundJob):
    """Returns without an error, in a transaction that is broken."""

    def run(self) -> str:
        with connection.cursor() as cursor, suppress(DataError):
            cursor.execute("SELECT 1 / 0")
        return "fine"


class Breaking(BackgroundJob):
    """Leaves a connection that cannot be used."""

    def run(self, how: str) -> None:
        connection.ensure_connection()
        getattr(self, how)(connection.connection)
        raise ValueError(how)

    def loses_it(self, raw: Any) -> None:
        raw.close()

    def cuts_a_query_short(self, raw: Any) -> None:
        raw.pgconn.send_query(b"SELECT 1")


class Looking(BackgroundJob):
    def run(self) -> dict[str, Any]:
        row = Job.objects.get(pk=self.job.pk)
        return {"status": row.status, "thread": threading.get_ident()}


def test_an_immediate_job_is_finished_when_enqueue_returns() -> None:
    job = Noop.enqueue(immediate=True, depth=2)

    assert (job.status, job.result) == ("completed", {"depth": 2})
    assert Job.objects.get().status == "completed"


def test_an_immediate_job_runs_in_the_callers_thread_with_status_running() -> None:
    job = Looking.enqueue(immediate=True)

    assert job.result == {"status": "running", "thread": threading.get_ident()}


def test_an_immediate_job_has_all_its_moments() -> None:
    job = Noop.enqueue(immediate=True)

    assert job.started is not None
    assert job.completed is not None
    assert job.created <= job.started <= job.completed
    assert (job.attempt, job.epoch) == (1, 1)


@pytest.mark.parametrize(
    ("job_class", "status", "error"),
    [(Failing, "failed", "no good"), (Raising, "errored", "ValueError('boom')")],
)
def test_an_exception_in_an_immediate_job_ends_the_job_and_not_its_caller(
    job_class: type[BackgroundJob], status: str, error: str
) -> None:
    job = job_class.enqueue(immediate=True)

    assert (job.status, job.error) == (status, error)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("job_class", ["Exiting", "ExitingAtomically", "ExitingAsCoroutine"])
@pytest.mark.parametrize("kind", [SystemExit, KeyboardInterrupt])
def test_an_exit_or_interrupt_in_an_immediate_job_ends_the_job_and_reaches_the_caller(
    job_class: str, kind: type[BaseException]
) -> None:
    with pytest.raises(kind):
        globals()[job_class].enqueue(immediate=True, kind=kind.__name__)

    job = Job.objects.get()
    assert (job.status, job.error) == ("errored", f"{kind.__name__}()")
    assert not Country.objects.exists() or job_class != "ExitingAtomically"


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("how", ["loses_it", "cuts_a_query_short"])
def test_an_immediate_job_that_breaks_the_connection_is_recorded_as_errored(how: str) -> None:
    job = Breaking.enqueue(immediate=True, how=how)

    assert (job.status, job.error) == ("errored", f"ValueError('{how}')")
    assert Job.objects.get().status == "errored"


@pytest.mark.django_db(transaction=True)
def test_an_immediate_job_that_closes_its_connection_still_counts_as_living() -> None:
    job = Closing.enqueue(immediate=True, depth=2)

    assert (job.result, advisory_locks()) == ([[2], [1]], [])
    job = Closing.enqueue()
    Closing.handle(job)
    assert (job.result, advisory_locks()) == ([[1]], [])


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("how", ["begins", "enters_a_block", "switches_autocommit_off"])
def test_an_immediate_job_that_leaves_a_transaction_open_is_recorded_as_errored(how: str) -> None:
    job = LeavesOpen.enqueue(immediate=True, how=how)

    assert (job.status, "left a transaction open" in job.error) == ("errored", True)
    assert not Country.objects.exists()
    with transaction.atomic():
        assert elsewhere(lambda: Job.objects.get().status).result(30) == "errored"


@pytest.mark.django_db(transaction=True)
def test_a_ctrl_c_in_a_receiver_of_job_start_ends_the_job_and_reaches_the_caller() -> None:
    def interrupt(**_: Any) -> None:
        raise KeyboardInterrupt

    job_start.connect(interrupt)
    try:
        with pytest.raises(KeyboardInterrupt):
            Noop.enqueue(immediate=True)
    finally:
        job_start.disconnect(interrupt)

    assert Job.objects.get().error == "KeyboardInterrupt()"


def test_an_exit_after_the_job_recorded_its_own_end_reaches_the_caller() -> None:
    with pytest.raises(SystemExit):
        Exiting.enqueue(immediate=True, kind="SystemExit", first_ends=True)

    assert Job.objects.get().status == "failed"


@pytest.mark.parametrize("name", ["SleepsInC", "SleepsAsCoroutine"])
def test_ctrl_c_during_an_immediate_job_ends_the_job_and_its_process(
    child_environment: Environment, name: str
) -> None:
    # The job sleeps: psycopg swallows an interrupt that comes within a finalizer of its own.
    call = f"from tests.apps.unruly.jobs import {name}; {name}.enqueue(immediate=True); print('on')"
    caller = subprocess.Popen(
        [sys.executable, "-m", "django", "shell", "--no-imports", "-c", call],
        env=with_apps(child_environment, "unruly"),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        # A shell's background jobs ignore SIGINT, and so would their children.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    try:
        traces.until("deaf")
        caller.send_signal(signal.SIGINT)
        said, _ = caller.communicate(timeout=30)
    finally:
        caller.kill()
    assert "KeyboardInterrupt" in said
    assert not said.endswith("on\n")
    job = Job.objects.get()
    assert (job.status, job.error) == ("errored", "KeyboardInterrupt()")


class Exiting(BackgroundJob):
    def run(self, kind: str, first_ends: bool = False) -> None:
        Country.objects.create(code="se")
        if first_ends:
            self.job.terminate("failed")
        raise {"SystemExit": SystemExit, "KeyboardInterrupt": KeyboardInterrupt}[kind]


class ExitingAtomically(Exiting):
    class Meta:
        atomic = True


class ExitingAsCoroutine(BackgroundJob):
    async def run(self, kind: str) -> None:
        raise {"SystemExit": SystemExit, "KeyboardInterrupt": KeyboardInterrupt}[kind]


def test_options_of_an_immediate_job_do_not_reach_run() -> None:
    job = Noop.enqueue(immediate=True, job_timeout=9, priority=3, queue_name="high", depth=2)

    assert (job.result, job.timeout, job.queue_name) == ({"depth": 2}, 9, "high")


def test_an_immediate_coroutine_runs() -> None:
    assert Coroutine.enqueue(immediate=True).result == "awaited"


def test_an_immediate_function_runs() -> None:
    job = Job.enqueue(plain_function, name="Plain", immediate=True, depth=2)

    assert job.result == {"depth": 2}


def test_an_immediate_job_finds_its_object() -> None:
    site = a_site()

    assert AboutObject.enqueue(site, immediate=True).result == "Lund"


def test_an_argument_that_enqueue_refuses_is_refused_for_an_immediate_job() -> None:
    with pytest.raises(ValueError, match="callback"):
        Noop.enqueue(immediate=True, callback=print)

    assert not Job.objects.exists()


def test_an_immediate_job_with_an_interval_recurs_in_the_background() -> None:
    Noop.enqueue(immediate=True, interval=60)

    assert Job.objects.live().get().interval == 60


def refuse_successors() -> None:
    query(
        "CREATE FUNCTION refuse_successor() RETURNS trigger LANGUAGE plpgsql AS "
        "$$BEGIN RAISE 'no more of these'; END$$; "
        "CREATE TRIGGER refuse BEFORE INSERT ON pgjobs_job FOR EACH ROW "
        "WHEN (NEW.status = 'scheduled') EXECUTE FUNCTION refuse_successor()"
    )


class Atomic(Noop):
    class Meta:
        name = "Atomic"
        atomic = True


def test_an_end_is_stored_in_ascii_if_the_database_lacks_its_characters() -> None:
    query(
        "CREATE FUNCTION know_ascii() RETURNS trigger LANGUAGE plpgsql AS "
        "$$BEGIN RAISE 'no such character' USING ERRCODE = 'untranslatable_character'; END$$; "
        "CREATE TRIGGER know_ascii BEFORE UPDATE ON pgjobs_job FOR EACH ROW "
        "WHEN (octet_length(NEW.error) <> length(NEW.error)) EXECUTE FUNCTION know_ascii()"
    )

    job = Failing.enqueue(immediate=True, why="snow ☃")

    assert (job.status, job.error) == ("failed", r"snow \u2603")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("code", ["P0001", "42501", "23514", "XX000"])
def test_an_immediate_job_whose_end_a_trigger_refuses_is_errored_with_the_reason(code: str) -> None:
    query(
        "CREATE FUNCTION refuse_end() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$BEGIN RAISE 'not in this house' USING ERRCODE = '{code}'; END$$; "
        "CREATE TRIGGER refuse BEFORE UPDATE ON pgjobs_job FOR EACH ROW "
        "WHEN (NEW.status = 'completed') EXECUTE FUNCTION refuse_end()"
    )
    try:
        job = Noop.enqueue(immediate=True)
    finally:
        query("DROP FUNCTION refuse_end CASCADE")

    assert job.status == Job.objects.get().status == "errored"
    assert "not in this house" in job.error


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("job_class", [Noop, Atomic])
@pytest.mark.parametrize("answer", ["NULL", "OLD"])
@pytest.mark.parametrize("inside", [True, False])
def test_an_immediate_job_whose_end_a_trigger_suppresses_is_errored_with_the_reason(
    job_class: type[BackgroundJob], answer: str, inside: bool
) -> None:
    query(
        "CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$BEGIN RETURN {answer}; END$$; "
        "CREATE TRIGGER keep BEFORE UPDATE ON pgjobs_job FOR EACH ROW "
        "WHEN (NEW.status = 'completed') EXECUTE FUNCTION keep()"
    )
    try:
        with transaction.atomic() if inside else nullcontext():
            job = job_class.enqueue(immediate=True)
    finally:
        query("DROP FUNCTION keep CASCADE")

    assert job.status == Job.objects.get().status == "errored"
    assert "nothing was changed, without an error" in job.error


@pytest.mark.django_db(transaction=True)
def test_a_waiting_job_that_a_trigger_keeps_waiting_does_not_run_here() -> None:
    query(
        "CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RETURN OLD; END$$; "
        "CREATE TRIGGER keep BEFORE UPDATE ON pgjobs_job FOR EACH ROW EXECUTE FUNCTION keep()"
    )
    job = Noop.enqueue()
    try:
        assert not job.start()
        Noop.handle(job)
    finally:
        query("DROP FUNCTION keep CASCADE")

    assert (Job.objects.get().status, Job.objects.get().epoch) == ("pending", 0)


@pytest.mark.django_db(transaction=True)
def test_an_immediate_job_outside_a_transaction_ends_without_the_successor_that_is_refused() -> (
    None
):
    refuse_successors()
    try:
        job = Noop.enqueue(immediate=True, interval=60)
    finally:
        query("DROP FUNCTION refuse_successor CASCADE")

    assert job.status == Job.objects.get().status == "completed"
    assert "no more of these" in job.error


@pytest.mark.parametrize("job_class", [Noop, Atomic])
def test_an_immediate_job_in_a_transaction_ends_without_the_successor_that_is_refused(
    job_class: type[BackgroundJob], told: ToldSoFar
) -> None:
    refuse_successors()
    with transaction.atomic():
        Country.objects.create(code="se")
        job = job_class.enqueue(immediate=True, interval=60)

    assert Country.objects.exists()
    assert (job.status, Job.objects.get().status) == ("completed", "completed")
    assert "The job does not recur" in job.error
    assert "no more of these" in job.error
    assert [lost["job_id"] for lost in told(events.SuccessorLost)] == [job.pk]


def test_an_immediate_job_in_a_transaction_recurs_without_a_user_that_was_deleted() -> None:
    with transaction.atomic():
        user = User.objects.create(username="ann")
        job = LosesItsUser.enqueue(immediate=True, interval=60, deletes=user)
        connection.check_constraints()

    assert (job.status, job.error) == ("completed", "")
    assert Job.objects.live().get().user is None


@pytest.mark.parametrize(
    ("job_class", "status"),
    [(Duplicating, "errored"), (Condemning, "failed"), (Swallowing, "completed")],
)
def test_an_immediate_job_that_breaks_the_callers_transaction_loses_only_its_own_work(
    job_class: type[BackgroundJob], status: str
) -> None:
    with transaction.atomic():
        a_site()
        job = job_class.enqueue(immediate=True)

    assert job.status == status
    assert (Job.objects.get().status, Site.objects.count()) == (status, 1)
    assert not Country.objects.exists()


def test_an_immediate_job_that_fails_in_a_sound_transaction_keeps_its_work() -> None:
    job = KeepingAndFailing.enqueue(immediate=True)

    assert (job.status, Country.objects.count()) == ("failed", 1)


class KeepingAndFailing(BackgroundJob):
    def run(self) -> None:
        Country.objects.create(code="se")
        raise JobFailed("no good")


@pytest.mark.django_db(transaction=True)
def test_an_immediate_job_runs_in_the_callers_transaction() -> None:
    with transaction.atomic():
        Noop.enqueue(immediate=True)
        seen = elsewhere(Job.objects.count).result(10)
        transaction.set_rollback(True)

    assert (seen, Job.objects.count()) == (0, 0)


@pytest.mark.django_db(transaction=True)
def test_an_immediate_job_outside_a_transaction_keeps_the_statements_before_an_error() -> None:
    job = Duplicating.enqueue(immediate=True)

    assert (job.status, Country.objects.count()) == ("errored", 1)


@pytest.mark.django_db(transaction=True)
def test_an_immediate_job_that_runs_is_not_waiting_for_workers() -> None:
    job = TakenElsewhere.enqueue(immediate=True)

    assert job.result == 0


class TakenElsewhere(BackgroundJob):
    def run(self) -> int:
        return elsewhere(Job.objects.waiting().count).result(10)


class Logs(Noop):
    class Meta:
        name = "Logs"

    def run(self) -> None:  # type: ignore[override]
        self.logger.info("good")
        self.logger.info("bad")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("in_transaction", [False, True])
def test_a_log_line_that_a_trigger_refuses_does_not_cost_an_immediate_job_its_end(
    in_transaction: bool, told: ToldSoFar
) -> None:
    query(
        "CREATE FUNCTION refuse_line() RETURNS trigger LANGUAGE plpgsql AS "
        "$$BEGIN RAISE 'not in this house'; END$$; "
        "CREATE TRIGGER refuse BEFORE INSERT ON pgjobs_log FOR EACH ROW "
        "WHEN (NEW.message = 'bad') EXECUTE FUNCTION refuse_line()"
    )
    try:
        with transaction.atomic() if in_transaction else nullcontext():
            job = Logs.enqueue(immediate=True)
    finally:
        query("DROP FUNCTION refuse_line CASCADE")

    assert Job.objects.get().status == "completed"
    assert [line.message for line in job.log_entries.all()] == ["good"]
    assert len(told(events.NoteLost)) == 1


class TurnsNullsOff(Noop):
    class Meta:
        name = "Turns nulls off"

    def run(self) -> None:  # type: ignore[override]
        query("SET array_nulls = off")


@pytest.mark.django_db(transaction=True)
def test_an_immediate_job_that_turns_array_nulls_off_ends() -> None:
    try:
        assert TurnsNullsOff.enqueue(immediate=True).status == "completed"
    finally:
        query("RESET array_nulls")
