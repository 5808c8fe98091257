"""What a worker tells of itself: the version of its code, and its memory."""

from __future__ import annotations

from datetime import timedelta

from pgjobs import stats
from pgjobs.doctor import examine
from pgjobs.models import WorkerFacts
from pgjobs.worker.liveness.facts import Facts
from tests.apps.testapp.jobs import Noop
from tests.support.engine import OpenConnection
from tests.support.environment import Environment, with_settings
from tests.support.eventually import eventually
from tests.support.job_status import until_status
from tests.support.rows import a_worker
from tests.support.sql import query
from tests.support.worker_process import NERVOUS, RunningWorker


def facts_of(worker: int) -> tuple[str | None, int | None]:
    row = stats.worker(worker)
    assert row is not None
    return row.code_version, row.memory


def test_a_worker_tells_its_code_and_its_memory(child_environment: Environment) -> None:
    environment = with_settings(child_environment, CODE_VERSION="shop 1.4")
    with RunningWorker(environment).until_started():
        (worker,) = stats.workers()
        eventually(lambda: facts_of(worker.id)[0] == "shop 1.4")
    _, memory = facts_of(worker.id)
    assert memory is not None
    assert 10 < memory < 1000


def test_a_worker_forgets_the_facts_of_workers_that_are_gone(
    child_environment: Environment,
) -> None:
    stays = a_worker(has_session_lock=False)
    for pk in (stays.pk, 2_000_000_000):
        WorkerFacts.objects.create(worker_id=pk, code_version="", pgjobs_version="", memory=1)
    with RunningWorker(child_environment).until_started():
        eventually(lambda: not WorkerFacts.objects.filter(worker_id=2_000_000_000).exists())
    assert WorkerFacts.objects.filter(worker_id=stays.pk).exists()


def test_a_worker_that_gets_another_id_tells_its_facts_again(
    open_connection: OpenConnection,
) -> None:
    facts, ids = Facts(), [a_worker().pk, a_worker().pk]
    for worker in (ids[0], ids[0], ids[1]):
        facts.tell(open_connection(), worker)
    assert [*WorkerFacts.objects.order_by("pk").values_list("pk", flat=True)] == ids


def test_a_worker_beside_an_older_schema_runs_jobs(child_environment: Environment) -> None:
    query("ALTER TABLE pgjobs_worker_facts RENAME TO facts_of_later")
    try:
        job = Noop.enqueue()
        with RunningWorker(with_settings(child_environment, **NERVOUS)):
            until_status(job, "completed")
    finally:
        query("ALTER TABLE facts_of_later RENAME TO pgjobs_worker_facts")


def test_a_trigger_that_refuses_the_facts_stops_no_heartbeat(
    child_environment: Environment,
) -> None:
    query(
        "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'no facts'; END $$"
    )
    query(
        "CREATE TRIGGER refuse BEFORE INSERT ON pgjobs_worker_facts FOR EACH ROW "
        "EXECUTE FUNCTION refuse()"
    )
    try:
        with RunningWorker(with_settings(child_environment, **NERVOUS)).until_started():
            (first,) = stats.workers()
            eventually(lambda: stats.worker(first.id).uptime > timedelta(seconds=4))  # type: ignore[union-attr]
            (again,) = stats.workers()
            assert (again.id, again.state) == (first.id, "alive")
    finally:
        query("DROP FUNCTION refuse CASCADE")


def test_workers_of_different_code_are_found(db: None) -> None:
    def with_code(version: str, name: str) -> None:
        worker = a_worker(has_session_lock=False, name=name)
        WorkerFacts.objects.create(
            worker_id=worker.pk, code_version=version, pgjobs_version="0.1", memory=40
        )

    def different() -> list[str]:
        return [each.evidence for each in examine() if each.about == "different code"]

    with_code("1.4", "new")
    with_code("1.4", "newer")
    assert different() == []
    with_code("", "old")
    assert different() == [
        "Workers run different code: old: no version on pgjobs 0.1; new, newer: 1.4 on pgjobs 0.1."
    ]
