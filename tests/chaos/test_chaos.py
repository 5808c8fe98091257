"""A short storm: the storm itself works. `make chaos` runs the long one."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any, Final

import pytest

from tests.support.environment import ROOT
from tests.support.pgbouncer import PROGRAM
from tests.support.requirements import skip_or_fail

SHORT: Final = ["--seconds", "10", "--jobs", "300", "--seed", "1", "--no-network"]
MODES: Final = {"sessions": [], "pooled": ["--pooled", "--lease", "3"]}


@pytest.fixture(scope="module", params=MODES)
def breeze(request: pytest.FixtureRequest) -> dict[str, Any]:
    """The figures of a short run on a PostgreSQL of its own."""
    if request.param == "pooled" and PROGRAM is None:
        skip_or_fail("pgbouncer is not installed")
    orders = [*SHORT, *MODES[request.param]]
    done = subprocess.run(
        [sys.executable, "-m", "tests.chaos", *orders],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=110,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    figures: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    assert figures["mode"] == request.param
    return figures


def test_a_short_storm_breaks_no_promise(breeze: dict[str, Any]) -> None:
    promises = (
        "lost doubled stuck atomic_wrong chains_broken stale_accepted attempts_wrong miscounted"
    ).split()

    assert {name: breeze[name] for name in promises} == dict.fromkeys(promises, 0)


def test_a_short_storm_strikes_while_jobs_run(breeze: dict[str, Any]) -> None:
    assert breeze["jobs"] == 300
    assert sum(breeze["faults"].values()) >= 2  # each may take long on a crowded machine
    assert breeze["runs"] > breeze["jobs"]


def test_pooled_workers_hold_no_session_lock_and_direct_ones_do(breeze: dict[str, Any]) -> None:
    assert (breeze["session_locks"] == 0) == (breeze["mode"] == "pooled")


def test_the_last_line_of_a_run_tells_broken_promises_faults_and_rescue_times(
    breeze: dict[str, Any],
) -> None:
    named = (
        "jobs lost stuck atomic_wrong chains_broken stale_accepted faults "
        "rescue_median_s rescue_worst_s"
    )

    assert set(named.split()) - set(breeze) == set()
