"""Two sites in one database, each in a schema of its own: neither knows of the other one."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import partial

import psycopg
import pytest

from pgjobs.sql import load
from tests.support.eventually import PATIENCE, eventually
from tests.support.sites import Site, two_sites
from tests.support.worker_process import NEVER_POLLS

Sites = tuple[Site, Site]

BY_ROLE = f"role_{os.getpid()}"  # roles belong to the server, not to a database


@pytest.fixture(
    scope="module",
    params=[("public", "site_b"), ("site_a", BY_ROLE)],
    ids=["beside public", "by option and by role"],
)
def both(request: pytest.FixtureRequest) -> Iterator[Sites]:
    with two_sites(*request.param) as sites:
        yield sites


@pytest.fixture
def sites(both: Sites) -> Sites:
    """Two sites without jobs, whose next workers have the same id, and so have their next jobs."""
    for site in both:
        site.ask("TRUNCATE pgjobs_job, testapp_trace, pgjobs_pause, pgjobs_doorbell CASCADE")
        site.ask("DELETE FROM pgjobs_schedule")  # so that the clock ticks at its start
        site.ask("UPDATE pgjobs_worker SET stopped = now() WHERE stopped IS NULL")
    for kind in ("job", "worker"):
        ids = [site.ask(f"SELECT nextval('pgjobs_{kind}_id_seq')")[0][0] for site in both]
        for site in both:
            site.ask(f"SELECT setval('pgjobs_{kind}_id_seq', {max(ids)})")
    return both


@contextmanager
def in_transaction(site: Site, sql: str) -> Iterator[None]:
    """Run a statement in a session of the site whose transaction stays open in the block."""
    with closing(psycopg.connect(site.url)) as session:
        session.execute(sql.encode())
        yield


def filled(name: str, **params: object) -> str:
    """Return a statement of the engine with ``params`` in their places."""
    statement = load(name).replace("%%", "%")
    for key, value in params.items():
        statement = statement.replace(f"%({key})s", str(value))
    return statement


def workers(site: Site) -> list[tuple[int, str]]:
    return site.ask("SELECT id, state FROM pgjobs_workers WHERE stopped IS NULL ORDER BY id")


def test_each_site_runs_its_own_jobs_and_its_own_clock(sites: Sites) -> None:
    with sites[0].worker("-c", "1", **NEVER_POLLS), sites[1].worker("-c", "1", **NEVER_POLLS):
        for site in sites:
            eventually(partial(site.ask, "SELECT 1 FROM pgjobs_doorbell"))
        jobs = [site.enqueue("Tracing", label=site.schema) for site in sites]
        for site, job in zip(sites, jobs, strict=True):
            site.until("completed", job)
            ticked = "SELECT 1 FROM testapp_trace WHERE label = 'tick'"
            eventually(partial(site.ask, ticked), timeout=90)

    for site in sites:
        assert set(site.labels()) == {site.schema, "tick"}


def test_a_dead_worker_is_seen_dead_beside_the_other_sites_worker_of_the_same_id(
    sites: Sites,
) -> None:
    a, b = sites
    with a.worker("-c", "1") as ours, b.worker("-c", "1") as victim:
        for worker in (ours, victim):
            worker.until_started()
        jobs = [site.enqueue("Held") for site in sites]
        for site, job in zip(sites, jobs, strict=True):
            site.until("running", job)
        ((name, state),), ((other, _),) = workers(a), workers(b)
        assert (name, state) == (other, "alive")

        victim.kill()
        eventually(lambda: (other, "dead") in workers(b))
        with b.worker("-c", "1"):
            rescued = "SELECT 1 FROM pgjobs_job WHERE id = %s AND epoch = 2 AND status = 'running'"
            # Sooner than the heartbeat of the tests' settings can tell of the death.
            eventually(lambda: b.ask(rescued, jobs[1]), timeout=PATIENCE)
            assert workers(a) == [(name, "alive")]
            for site, job in zip(sites, jobs, strict=True):
                site.ask("INSERT INTO testapp_trace (label, pid, at) VALUES ('release', 0, now())")
                site.until("completed", job)
    assert a.ask("SELECT epoch, interruptions FROM pgjobs_job WHERE id = %s", jobs[0]) == [(1, 0)]
    assert b.ask("SELECT epoch, interruptions FROM pgjobs_job WHERE id = %s", jobs[1]) == [(2, 1)]


def test_a_pause_of_one_site_leaves_the_other_one_alone(sites: Sites) -> None:
    a, b = sites
    with a.worker("-c", "1"), b.worker("-c", "1"):
        known = "SELECT 1 FROM pgjobs_registry WHERE kind = 'queue' AND name = 'default'"
        eventually(partial(a.ask, known))
        a.ask("SELECT pgjobs_pause('default')")
        paused, job = a.enqueue("Noop"), b.enqueue("Noop")
        b.until("completed", job)
        assert a.ask("SELECT status FROM pgjobs_job WHERE id = %s", paused) == [("pending",)]
        a.ask("SELECT pgjobs_resume('default')")
        a.until("completed", paused)


def test_the_channels_of_workers_are_those_of_their_site(sites: Sites) -> None:
    channels = [site.ask(filled("doorbell/channel", worker=7))[0][0] for site in sites]

    for site, channel in zip(sites, channels, strict=True):
        ((oid,),) = site.ask("SELECT oid FROM pg_namespace WHERE nspname = %s", site.schema)
        assert channel == ("pgjobs_7" if site.schema == "public" else f"pgjobs_{oid}_7")


def test_a_caller_is_woken_by_the_end_of_its_job(sites: Sites) -> None:
    with sites[0].worker("-c", "1"), sites[1].worker("-c", "1"):
        for site in sites:
            site.run(
                "from pgjobs.execution import waiting\n"
                "from tests.apps.testapp.jobs import Tracing\n"
                "waiting._LOOKS, waiting._SLOW = (3600.0,), 3600.0\n"
                "job = Tracing.enqueue(seconds=1)\n"
                "assert job.wait(60).status == 'completed'\n"
            )


def test_a_job_that_a_process_of_one_site_runs_itself_is_no_job_of_the_other_one(
    sites: Sites,
) -> None:
    a, b = sites
    ((key,),) = b.ask(
        "INSERT INTO pgjobs_job (job_class, name, queue_name, status, started, epoch) "
        "VALUES ('a', 'a', 'default', 'running', now() - interval '1 hour', 1) RETURNING id"
    )
    lock = filled("in_process/lock_in_transaction", job=key)
    orphans = filled("rescue/orphans", set_aside="'{}'", limit=9)

    with in_transaction(a, lock):
        assert b.ask(orphans) == [(key, 1)]
        assert b.ask("SELECT alive FROM pgjobs_running") == [(False,)]
    with in_transaction(b, lock):
        assert b.ask(orphans) == []
        assert b.ask("SELECT alive FROM pgjobs_running") == [(True,)]


def test_a_claim_of_one_site_holds_no_block_of_the_other_one(sites: Sites) -> None:
    for site in sites:
        site.ask("SELECT setval('pgjobs_position', 1000)")
        site.enqueue("Noop")
    opened = "SELECT state FROM pgjobs_open_block('default', 0::smallint, 0, 2000)"

    with in_transaction(sites[0], opened):
        assert sites[0].ask(opened) == [("held",)]
        assert sites[1].ask(opened) == [("free",)]


def test_a_lock_on_the_tables_of_one_site_is_no_blocker_of_the_other_one(sites: Sites) -> None:
    blockers = "SELECT evidence FROM pgjobs_blockers WHERE kind = 'table lock'"

    with in_transaction(sites[0], "LOCK TABLE pgjobs_job IN SHARE MODE"):
        assert sites[0].ask(blockers) == [("ShareLock on pgjobs_job",)]
        assert sites[1].ask(blockers) == []


def test_a_function_acts_on_the_tables_of_its_own_schema(sites: Sites) -> None:
    a, b = sites
    jobs = [site.enqueue("Noop") for site in sites]
    assert jobs[0] == jobs[1]

    # The search path of this session leads to the tables of the other site.
    path = f"SET search_path = {a.schema}; SELECT {b.schema}.pgjobs_cancel({jobs[1]})"
    with closing(psycopg.connect(b.superuser, autocommit=True)) as session:
        session.execute(path.encode())

    (ours,), (theirs,) = (site.ask("SELECT status FROM pgjobs_job") for site in sites)
    assert (ours, theirs) == (("pending",), ("cancelled",))
