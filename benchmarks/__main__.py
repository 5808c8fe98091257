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

from benchmarks import server


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer jobs, one round")
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
        figures, ratios = _measure(options, url, Path(scratch))
    _report(options.output, machine, figures, ratios)
    print(json.dumps(ratios))
    return 0


def _measure(options: argparse.Namespace, url: str, scratch: Path) -> tuple[Any, Any]:
    from benchmarks import suite  # needs Django to be set up
    from benchmarks.ratios import ratios

    size = suite.QUICK if options.quick else suite.FULL
    figures = suite.Suite(size, url, scratch).run(with_peers=not options.no_peers)
    return figures, ratios(figures)


def _report(directory: Path, machine: dict[str, Any], figures: Any, ratios: Any) -> None:
    from benchmarks import report

    report.write(directory, machine, figures, ratios)
    print((directory / "results.md").read_text())


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
