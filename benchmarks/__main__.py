"""``python -m benchmarks``: measure pgjobs and its peers on a durable PostgreSQL of its own."""

from __future__ import annotations

import argparse
import json
import os
import platform
import signal
import sys
import tempfile
from pathlib import Path
from typing import Any

import django
from django.core.management import call_command

from benchmarks import report, server
from benchmarks.peers.catalogue import PEERS
from benchmarks.ratios import ratios
from benchmarks.size import FULL, QUICK, TINY


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    size = parser.add_mutually_exclusive_group()
    size.add_argument("--quick", action="store_true", help="fewer jobs, one round")
    size.add_argument(
        "--tiny",
        action="store_true",
        help="a handful of jobs, only to see that every case runs: nothing is reported",
    )
    parser.add_argument("--no-peers", action="store_true", help="pgjobs alone")
    parser.add_argument(
        "--output",
        type=Path,
        default=Path("benchmark-results"),
        metavar="DIRECTORY",
        help="where results.md, results.json and drain.svg go (default: %(default)s)",
    )
    options = parser.parse_args()
    # SIGTERM would end this process without a cleanup, and leave its workers and its Redis running.
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    with server.running() as url, tempfile.TemporaryDirectory() as scratch:
        os.environ |= {"DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "benchmarks.settings"}
        django.setup()
        call_command("migrate", verbosity=0)
        machine = _machine() | server.describe(url)
        _print(machine)
        figures = _measure(options, url, Path(scratch))
        found = ratios(figures, machine["cores"])
        if options.tiny:
            report.write(Path(scratch), machine, figures, found)
            print("Every case ran.")
            return 0
    report.write(options.output, machine, figures, found)
    print((options.output / "results.md").read_text())
    print(json.dumps(found))
    return 0


def _measure(options: argparse.Namespace, url: str, scratch: Path) -> dict[str, Any]:
    from benchmarks import suite  # needs Django to be set up

    size = TINY if options.tiny else QUICK if options.quick else FULL
    peers = [] if options.no_peers else PEERS.values()
    return suite.Suite(size, url, scratch, strict=options.tiny).run(peers)


def _machine() -> dict[str, Any]:
    return {
        "cores": os.cpu_count(),
        "processor": platform.machine(),
        "Python": platform.python_version(),
        "Django": django.get_version(),
    }


def _print(values: dict[str, Any]) -> None:
    width = max(map(len, values))
    for name, value in values.items():
        print(f"{name:<{width}}  {value}", flush=True)
    print(flush=True)


if __name__ == "__main__":
    sys.exit(main())
