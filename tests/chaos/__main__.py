"""`python -m tests.chaos --seconds 180 --seed 1`; exit code 1 if a promise was broken."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import django
from django.core.management import call_command

from tests.chaos.cluster import CHILDREN, Cluster
from tests.chaos.terms import Terms
from tests.support.pgbouncer import PROGRAM

if TYPE_CHECKING:
    from tests.chaos.arrivals import Arrivals
    from tests.chaos.operator import Operator
    from tests.chaos.storm import Storm

JOBS_PER_SECOND: Final = 10_000 / 180
SETTLE: Final = 90.0


def main() -> int:
    orders = _orders()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the run ends its children
    directory = Path(tempfile.mkdtemp(prefix="pgjobs-chaos-"))
    terms = Terms.choose(is_pooled=orders.pooled, lease=orders.lease)
    cluster = Cluster(directory, terms, with_network=not orders.no_network)
    try:
        outcome, broken = _run(cluster, orders, directory)
    finally:
        cluster.remove()
    if broken or orders.keep:
        _say(f"The logs, the journal and the database are kept in {directory}")
    else:
        shutil.rmtree(directory)
    _say(json.dumps(outcome))
    return int(broken)


def _run(cluster: Cluster, orders: Namespace, directory: Path) -> tuple[dict[str, Any], bool]:
    count = orders.jobs or round(orders.seconds * JOBS_PER_SECOND)
    terms = cluster.terms
    _say(
        f"{count} jobs in {orders.seconds:g} s, seed {orders.seed}, {terms.mode}, "
        f"lease {terms.lease:g} s"
    )
    if cluster.why_no_network:
        _say(f"CutNetwork is left out: {cluster.why_no_network}")
    cluster.start()
    _set_up_django(cluster)

    from tests.chaos import audit, rescue
    from tests.chaos.arrivals import LEDGER, Arrivals
    from tests.chaos.operator import Operator
    from tests.chaos.storm import Storm
    from tests.chaos.tail import Tail

    _create_tables(cluster, LEDGER)
    chance = random.Random(orders.seed)
    _start_workers(cluster)
    began = time.monotonic()
    storm = Storm(cluster, random.Random(orders.seed), directory / "storm.log")
    arrivals = Arrivals(count, orders.seconds, chance)
    operator = Operator()
    _rage(storm, arrivals, operator, orders.seconds)
    calmed = time.monotonic()
    _say(f"calm after {calmed - began:.1f} s; waiting for the rest")
    _place_the_rest(arrivals)
    unsettled = audit.settle(SETTLE)
    _say(f"{'NOT settled' if unsettled else 'settled'} after {time.monotonic() - calmed:.1f} s")
    exit_codes = cluster.end()

    runs = audit.bring_in(cluster.journal)
    found = audit.violations(placed=arrivals.placed, unsettled=unsettled)
    _show(found)
    people = audit.workers()
    rescues = rescue.rescues(runs, people, storm.wounds, operator.taken_away)
    (directory / "rescues.log").write_text(rescue.listed(rescues))
    outcome = {
        "jobs": arrivals.placed,
        **{promise: len(rows) for promise, rows in found.items()},
        "faults": dict(sorted(storm.struck.items())),
        "taken_away": len(operator.taken_away),
        **audit.figures(),
        **rescue.figures(runs, rescues, storm.wounds),
        "exit_codes": exit_codes,
        "mode": terms.mode,
        "lease": terms.lease,
        "seconds": orders.seconds,
        "seed": orders.seed,
    }
    _report(outcome)
    _say(Tail(people=people, wounds=storm.wounds, terms=terms).table(rescues))
    is_broken = any(found.values()) or any(exit_codes) or not arrivals.all_placed
    return outcome, is_broken


def _set_up_django(cluster: Cluster) -> None:
    os.environ.update(cluster.drivers_environment())
    django.setup()


def _create_tables(cluster: Cluster, ledger: Sequence[str]) -> None:
    call_command("migrate", verbosity=0, run_syncdb=True)
    for statement in ledger:
        cluster.ask(statement)


def _start_workers(cluster: Cluster) -> None:
    for group in cluster.groups:
        group.start()
    deadline = time.monotonic() + 60
    wanted = CHILDREN * len(cluster.groups)
    while cluster.ask("SELECT count(*) FROM pgjobs_worker")[0][0] < wanted:
        if time.monotonic() > deadline:
            sys.exit("the workers did not start")
        time.sleep(0.1)


def _rage(storm: Storm, arrivals: Arrivals, operator: Operator, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    try:
        while time.monotonic() < deadline:
            arrivals.turn()
            arrivals.bring_chains_forward()
            operator.turn()
            storm.turn()
            time.sleep(0.02)
    finally:
        storm.calm()


def _place_the_rest(arrivals: Arrivals) -> None:
    deadline = time.monotonic() + 30
    while not arrivals.all_placed and time.monotonic() < deadline:
        arrivals.turn(hurry=True)


def _show(found: dict[str, list[Any]]) -> None:
    for promise, rows in found.items():
        for row in rows[:10]:
            _say(f"{promise}: {row}")


def _report(outcome: dict[str, Any]) -> None:
    for name, value in outcome.items():
        if isinstance(value, dict):
            _say(f"{name}:")
            for key, number in value.items():
                _say(f"    {key:<28}{number:>8}")
        else:
            _say(f"{name:<32}{value!s:>8}")


def _orders() -> Namespace:
    parser = ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--seconds", type=float, default=180, help="how long faults strike")
    parser.add_argument("--jobs", type=int, help="default: 10,000 in 180 seconds")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--no-network", action="store_true", help="without a network namespace")
    parser.add_argument(
        "--pooled", action="store_true", help="behind a pgbouncer in transaction mode"
    )
    parser.add_argument("--lease", type=float, help="HEARTBEAT_TIMEOUT (default: 5, pooled 15)")
    parser.add_argument("--keep", action="store_true", help="keep logs, journal and database")
    orders = parser.parse_args()
    if orders.pooled and PROGRAM is None:
        parser.error("--pooled needs pgbouncer, which is not installed")
    return orders


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
