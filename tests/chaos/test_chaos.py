"""A breeze: that the storm itself works. `make chaos` is the real one."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

from tests.chaos.cluster import ROOT


@pytest.fixture(scope="module")
def breeze() -> dict[str, Any]:
    """The figures of a short run on a PostgreSQL of its own."""
    orders = ["--seconds", "10", "--jobs", "300", "--seed", "1", "--no-network"]
    done = subprocess.run(
        [sys.executable, "-m", "tests.chaos", *orders],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=110,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    figures: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return figures


def test_no_promise_breaks_in_a_short_storm(breeze: dict[str, Any]) -> None:
    promises = "lost doubled stuck atomic_wrong chains_broken stale_accepted attempts_wrong".split()

    assert {name: breeze[name] for name in promises} == dict.fromkeys(promises, 0)


def test_the_storm_strikes_while_jobs_run(breeze: dict[str, Any]) -> None:
    assert breeze["jobs"] == 300
    assert sum(breeze["faults"].values()) >= 3
    assert breeze["runs"] > breeze["jobs"]


def test_the_last_line_tells_what_broke_what_struck_and_how_long_rescues_took(
    breeze: dict[str, Any],
) -> None:
    named = (
        "jobs lost stuck atomic_wrong chains_broken stale_accepted faults "
        "rescue_median_s rescue_worst_s"
    )

    assert set(named.split()) - set(breeze) == set()
