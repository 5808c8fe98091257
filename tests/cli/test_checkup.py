"""`pgjobs checkup`: the state of each index, and its repair."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from pgjobs import doctor
from pgjobs.doctor import indexes
from tests.support.sql import query

pytestmark = pytest.mark.django_db(transaction=True)

Run = Callable[..., Any]


@pytest.fixture(autouse=True)
def whole() -> Iterator[None]:
    """Let no test leave a fault behind."""
    yield
    for index in doctor.checkup("default"):
        if index.repair:
            doctor.repair(index, "default")


def state_of(name: str) -> str:
    return {index.name: str(index.state) for index in doctor.checkup("default")}[name]


def invalidate(name: str) -> None:
    query("UPDATE pg_index SET indisvalid = false WHERE indexrelid = %s::regclass", name)


def test_sound_indexes_are_listed_with_their_sizes(pgjobs: Run) -> None:
    ran = pgjobs("checkup", "--json")

    assert ran.code == 0
    assert {row["state"] for row in ran.json} == {"sound"}
    assert {"pgjobs_job_ready", "pgjobs_job_pkey"} <= {row["name"] for row in ran.json}
    assert all(row["bytes"] >= 8192 for row in ran.json)


@pytest.mark.parametrize("name", ["pgjobs_job_ready", "pgjobs_job_once"])
def test_a_missing_index_is_made_anew(pgjobs: Run, name: str) -> None:
    query(f"DROP INDEX {name}")

    found = pgjobs("checkup", "--json")
    repaired = pgjobs("checkup", "--repair")

    assert (found.code, found.json[0]["name"], found.json[0]["state"]) == (1, name, "missing")
    assert repaired.code == 0
    assert "CONCURRENTLY" in repaired.errors
    assert state_of(name) == "sound"


def test_an_index_that_is_not_valid_is_rebuilt_and_the_remains_of_a_rebuild_are_dropped(
    pgjobs: Run,
) -> None:
    query('CREATE INDEX "pgjobs_job_due_ccnew" ON pgjobs_job (scheduled)')
    invalidate("pgjobs_job_due_ccnew")
    invalidate("pgjobs_job_due")

    found = pgjobs("checkup", "--json").json

    assert {row["repair"] for row in found[:2]} == {
        "REINDEX INDEX CONCURRENTLY pgjobs_job_due",
        "DROP INDEX CONCURRENTLY pgjobs_job_due_ccnew",
    }
    assert pgjobs("checkup", "--repair").code == 0
    assert "pgjobs_job_due_ccnew" not in {each.name for each in doctor.checkup("default")}
    assert state_of("pgjobs_job_due") == "sound"


def test_an_index_of_empty_pages_is_bloated_until_it_is_rebuilt(
    pgjobs: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(indexes, "_TOO_MUCH", 0)
    query(
        "INSERT INTO pgjobs_registry (kind, name, options) "
        "SELECT 'bloat', repeat('x', 200) || n, '{}' FROM generate_series(1, 1000) AS n"
    )
    query("DELETE FROM pgjobs_registry")
    query("VACUUM pgjobs_registry")

    found = pgjobs("checkup", "--json").json[0]

    assert (found["name"], found["state"]) == ("pgjobs_registry_name", "bloated")
    assert found["bytes"] > 4 * found["needed"]
    assert pgjobs("checkup", "--repair").code == 0


def test_a_full_index_is_not_bloated() -> None:
    query(
        "INSERT INTO pgjobs_registry (kind, name, options) "
        "SELECT 'bloat', repeat('x', 200) || n, '{}' FROM generate_series(1, 1000) AS n"
    )
    query("ANALYZE pgjobs_registry")
    query("REINDEX TABLE pgjobs_registry")
    try:
        (index,) = (e for e in doctor.checkup("default") if e.name == "pgjobs_registry_name")
        assert index.bytes is not None
        assert index.needed is not None
        assert 0.7 < index.bytes / index.needed < 1.3
    finally:
        query("DELETE FROM pgjobs_registry")


def test_a_repair_that_postgresql_refuses_is_told_with_the_index(pgjobs: Run) -> None:
    query("DROP INDEX pgjobs_job_once")
    query(
        "INSERT INTO pgjobs_job (job_class, name, queue_name, once_key, args, kwargs) "
        "SELECT 'a', 'a', 'default', 'twice', '[]', '{}' FROM generate_series(1, 2)"
    )
    try:
        ran = pgjobs("checkup", "--repair")
        assert ran.code == 1
        assert "pgjobs_job_once is still missing: could not create unique index" in ran.errors
    finally:
        query("DELETE FROM pgjobs_job")
