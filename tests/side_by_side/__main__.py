"""`python -m tests.side_by_side --seconds 40`; exit code 1 if a promise was broken."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import time
from argparse import ArgumentParser
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import django

from example_project.postgres import EmbeddedPostgres
from tests.side_by_side import older
from tests.side_by_side.release import Release, all_journals
from tests.support.environment import ROOT, environment_of
from tests.support.sql import ask, ask_for_one

SETTLE: Final = 90.0
TRIES: Final = 10
"""How often `migrate` may give up for a lock."""
LEAST: Final = 20
"""Runs of each release with each schema: fewer would prove nothing."""
PATIENCE: Final = 120.0
"""Seconds more until each worker must have begun so many."""


def main() -> int:
    parser = ArgumentParser(prog="python -m tests.side_by_side", description=__doc__)
    parser.add_argument("--seconds", type=float, default=40, help="how long callers call")
    seconds = parser.parse_args().seconds
    directory = Path(tempfile.mkdtemp(prefix="pgjobs-two-", dir="/tmp"))
    try:
        code = older.take(directory / "older")
    except older.NoHistory as reason:
        shutil.rmtree(directory)
        _say(f"Left out: {reason}")
        return int(bool(os.environ.get("CI")))
    with EmbeddedPostgres(directory / "postgres", settings={"max_connections": "200"}) as server:
        releases = [
            Release("older", code, server.url, directory),
            Release("present", ROOT, server.url, directory),
        ]
        try:
            complaints = _run(releases, server.url, directory, seconds)
        finally:
            for release in releases:
                release.kill()
    for complaint in complaints:
        _say(complaint)
    if complaints:
        _say(f"The logs and the journal are kept in {directory}")
    else:
        shutil.rmtree(directory)
    return int(bool(complaints))


def _run(releases: Sequence[Release], url: str, directory: Path, seconds: float) -> list[str]:
    """Return a sentence for each promise that was broken."""
    old, present = releases
    os.environ.update(environment_of(url), EXTRA_APPS="tests.chaos")
    django.setup()

    from tests.chaos import audit
    from tests.chaos.arrivals import LEDGER

    if old.manage("migrate", "--run-syncdb", "-v", "0") != 0:
        return [f"The older release can't migrate: see {old.log}"]
    assert _newest(url) == older.NEWEST_MIGRATION, _newest(url)
    for statement in LEDGER:
        ask(url, statement)
    for release in releases:  # the present code beside the older schema
        release.start_worker()
        release.start_caller()
    complaints = _work(releases, seconds / 2, "older")
    complaints += _migrate(present)
    # The older code beside the present schema, also as after a step back.
    complaints += _ended("older worker", old.end_worker())
    old.start_worker()
    complaints += _work(releases, seconds / 2, "present")
    for release in releases:
        complaints += _ended(f"{release.name} caller", release.end_caller())
    unsettled = audit.settle(SETTLE)
    for release in releases:
        complaints += _ended(f"{release.name} worker", release.end_worker())
    audit.bring_in(all_journals(releases, directory))
    placed = ask_for_one(url, "SELECT count(*) FROM chaos_order")
    for promise, rows in audit.violations(placed=placed, unsettled=unsettled).items():
        complaints += [f"{promise}: {row}" for row in rows[:10]]
    _say(f"{placed} jobs")
    return complaints


def _ended(subject: str, code: int) -> list[str]:
    return [f"The {subject} has ended with the exit code {code}."] if code else []


def _work(releases: Sequence[Release], seconds: float, schema: str) -> list[str]:
    """Let the releases work for so long, and until each worker has begun enough runs.

    Return a complaint as soon as a process of theirs ends.
    """
    began = time.monotonic()
    while True:
        time.sleep(0.5)
        for release in releases:
            if release.has_ended():
                return [f"A process of the {release.name} release has ended: see {release.log}"]
        worked = time.monotonic() - began
        runs = {release.name: release.count_runs(began) for release in releases}
        if worked > seconds and min(runs.values()) >= LEAST:
            _say(f"runs with the {schema} schema: {runs}")
            return []
        if worked > seconds + PATIENCE:
            return [f"With the {schema} schema there were only these runs: {runs}"]


def _migrate(release: Release) -> list[str]:
    """Migrate as docs/upgrading.md says, beside workers and callers."""
    for attempt in range(TRIES):
        if release.manage("migrate", "-v", "0", PGOPTIONS="-c lock_timeout=5s") == 0:
            _say(f"migrated under load, at the attempt {attempt + 1}")
            return []
    return [f"The present release can't migrate: see {release.log}"]


def _newest(url: str) -> str:
    return str(ask_for_one(url, "SELECT max(name) FROM django_migrations WHERE app = 'pgjobs'"))


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
