"""The benchmark's drains by several processes: the figures, their ratios and their report."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest

from benchmarks import report
from benchmarks.ratios import ratios
from benchmarks.row_locks import count_in_vain
from benchmarks.targets import TARGETS
from tests.benchmarks.published import published
from tests.support.environment import ROOT

RECORD = "rmgr: Heap len (rec/tot): 54/ 54, tx: {tx:10}, lsn: 0/01, desc: {what}{blocks}"
# Two transactions lock rows of block 7: (5, 6) and 5. The first one updates row 5.
OF_POSTGRESQL_15 = [
    (740, "LOCK off 5: xid 740: flags 0x00 LOCK_ONLY EXCL_LOCK ", [7]),
    (740, "LOCK off 6: xid 740: flags 0x00 LOCK_ONLY EXCL_LOCK ", [7]),
    (741, "LOCK off 5: xid 741: flags 0x00 LOCK_ONLY EXCL_LOCK ", [7]),
    (740, "UPDATE off 5 xmax 740 flags 0x10 ; new off 1 xmax 0", [9, 7]),
]
SINCE_POSTGRESQL_16 = [
    (740, "LOCK xmax: 740, off: 5, infobits: [LOCK_ONLY, EXCL_LOCK], flags: 0x00", [7]),
    (740, "LOCK xmax: 740, off: 6, infobits: [LOCK_ONLY, EXCL_LOCK], flags: 0x00", [7]),
    (741, "LOCK xmax: 741, off: 5, infobits: [LOCK_ONLY, EXCL_LOCK], flags: 0x00", [7]),
    (740, "UPDATE+INIT old_xmax: 740, old_off: 5, old_infobits: [], new_off: 1", [9, 7]),
]
OF_ONE_DRAIN = {
    "jobs": 1000,
    "per_second": 100.0,
    "worker_us": 20.0,
    "server_us": 50.0,
    "statements_us": {"claim": 12.0, "record": 17.0, "other": 1.0},
    "locked_in_vain": 0.5,
    "wal_bytes": {"enqueue": 300.0, "claim": 382.0, "record": 414.0, "in all": 1100.0},
    "waits": {"records, Lock:transactionid": 0.2, "claims, Lock:transactionid": 0.1},
}
ISOLATED = {
    "process": {"per_second": 3000, "megabytes": [5, 9, 4]},
    "fresh_process": {"per_second": 200, "megabytes": []},
    "computing, one thread": 1.0,
    "computing, processes": 1.9,
}
COUNTED = {
    "drains": {"ratios": [0.96, 0.97, 0.99], "ratio": 0.97},
    "looks": {"totals": 4.0, "queues": 40.0},
}
PAGED = {
    "1000000": {"overview": 80.0, "jobs": 90.0, "jobs no such word": 700.0},
    "5000000": {"overview": 400.0},
}
OF_TWO_ROWS_IN_VAIN = """
    import os
    from benchmarks import server
    with server.running() as url:
        os.environ |= {"DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "benchmarks.settings"}
        import django
        django.setup()
        from django.core.management import call_command
        from django.db import connection, transaction
        call_command("migrate", verbosity=0)
        from benchmarks import load, row_locks
        from benchmarks.app.jobs import Nothing
        before = load.processor_seconds()
        ids = Nothing.enqueue_many({} for _ in range(3))
        with row_locks.watched() as locks, connection.cursor() as cursor:
            with transaction.atomic():
                cursor.execute("SELECT id FROM pgjobs_job FOR NO KEY UPDATE")
                cursor.execute("UPDATE pgjobs_job SET epoch = 1 WHERE id = %s", [ids[0]])
            print(locks.in_vain(), load.processor_seconds() >= before)
"""


@pytest.mark.parametrize("records", [OF_POSTGRESQL_15, SINCE_POSTGRESQL_16])
def test_a_row_that_its_transaction_locks_and_does_not_update_counts_as_locked_in_vain(
    records: list[tuple[int, str, list[int]]],
) -> None:
    lines = [
        RECORD.format(
            tx=tx,
            what=what,
            blocks="".join(
                f", blkref #{n}: rel 1/5/16 blk {block}" for n, block in enumerate(blocks)
            ),
        )
        for tx, what, blocks in records
    ]
    assert count_in_vain(lines) == 2


def test_rows_locked_in_vain_are_read_from_the_wal_of_a_server(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(OF_TWO_ROWS_IN_VAIN)],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert (done.stdout, done.returncode) == ("2 True\n", 0), done.stderr


def figures(**rates: float) -> dict[str, Any]:
    """Return the figures of the published run, with drains by so many processes."""
    drains = {
        count: {
            "small backlog": OF_ONE_DRAIN,
            "large backlog": {**OF_ONE_DRAIN, "per_second": rate},
            "control": {"jobs": 1000, "per_second": 200.0, "server_us": 25.0},
        }
        for count, rate in rates.items()
    }
    drains["8"]["large backlog, snapshot held"] = {**OF_ONE_DRAIN, "per_second": 180.0}
    drains["16"]["small backlog"] = {**OF_ONE_DRAIN, "server_us": 75.0}
    drains["16"]["control"] = {"jobs": 1000, "per_second": 200.0, "server_us": 30.0}
    return {**published()["figures"], "scaling": drains}


SCALED = figures(**{"1": 100.0, "2": 150.0, "8": 200.0, "16": 100.0})


@pytest.mark.parametrize(
    ("key", "ratio"),
    [
        ("eight_vs_one", 2.0),
        ("sixteen_vs_fewer", 0.5),
        ("eight_held", 0.9),
        ("server_growth", 1.25),
        ("transaction_waits", 30.0),
        ("wal_bytes", 1100.0),
    ],
)
def test_the_ratios_of_many_processes_follow_from_their_drains(key: str, ratio: float) -> None:
    assert ratios(SCALED, cores=16)[key] == ratio


def preloaded(megabytes_each: float) -> dict[str, Any]:
    """Return the published costs, with idle workers of ``--preload``."""
    costs = published()["figures"]["cost"]
    return {**costs, "idle": {**costs["idle"], "preloaded": {"megabytes_each": megabytes_each}}}


def test_the_memory_of_an_idle_worker_is_that_of_preloaded_ones() -> None:
    assert ratios({**SCALED, "cost": preloaded(15.9)}, cores=2)["idle_mb"] == 15.9


def test_on_two_cores_the_targets_of_sixteen_cores_are_not_judged() -> None:
    others = {"isolation": ISOLATED, "statistics": COUNTED, "pages": PAGED, "cost": preloaded(15.9)}
    found = ratios(SCALED | others, cores=2)
    assert {key for key in found if found[key] is None} == {
        "eight_vs_one",
        "sixteen_vs_fewer",
        "eight_held",
    }
    page = "\n".join(report.targets(found))
    assert page.count("not measured") == 3


def test_the_ratios_of_isolation_follow_from_its_figures() -> None:
    found = ratios(SCALED | {"isolation": ISOLATED}, cores=2)
    keys = ("process_per_s", "fresh_process_per_s", "computing", "process_mb")
    assert [found[key] for key in keys] == [3000, 200, 0.95, 5]


def test_the_ratios_of_statistics_follow_from_its_figures() -> None:
    found = ratios(SCALED | {"statistics": COUNTED}, cores=2)
    assert (found["counted_vs_uncounted"], found["slowest_look_ms"]) == (0.97, 40)


def test_the_ratio_of_the_pages_follows_from_the_slowest_one_at_a_million_jobs() -> None:
    assert ratios(SCALED | {"pages": PAGED}, cores=2)["slowest_page_ms"] == 90


def test_a_run_without_scaling_has_none_of_its_ratios_and_no_part_on_it() -> None:
    run = published()
    found = ratios(run["figures"], cores=16)
    assert {"eight_vs_one", "server_growth", "wal_bytes"} <= {k for k in found if found[k] is None}
    assert "worker processes" not in report.markdown(run["machine"], run["figures"], found)


def test_the_report_has_a_row_for_each_drain_and_its_wal() -> None:
    run = published()
    page = report.markdown(run["machine"], SCALED, ratios(SCALED, cores=16))
    assert "| 16 | large backlog | 1,000 | 100 | 20 | 50 | 12 | 17 | 0.5 | 30.0% | 0.0% |" in page
    assert "| 16 | pgbench clients | 1,000 | 200 |  | 30 |" in page
    assert "| 8 | large backlog, snapshot held | 300 | 382 | 414 | 1,100 |" in page
    assert all(target.meaning in page for target in TARGETS)
