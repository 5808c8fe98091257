"""``python -m benchmarks``: measures on a durable PostgreSQL of its own, and prints on what."""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import tempfile
from pathlib import Path
from typing import Any

import django
from django.core.management import call_command

from benchmarks import server


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a tenth of the jobs, one round")
    options = parser.parse_args()
    with server.running() as url, tempfile.TemporaryDirectory() as scratch:
        os.environ |= {"DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "benchmarks.settings"}
        django.setup()
        call_command("migrate", verbosity=0)
        _print(_machine() | server.describe(url))
        figures = _measure(20_000 if options.quick else 200_000, Path(scratch) / "began")
    _print(figures)
    print(json.dumps(figures))
    return 0


def _measure(jobs: int, began: Path) -> dict[str, Any]:
    from benchmarks import cases  # needs Django to be set up

    enqueued, copied = cases.bulk(jobs)
    one_by_one, created = cases.single(jobs // 20)
    return {
        "drain_1_process_per_s": round(cases.drain(jobs, processes=1, began=began)),
        "drain_2_processes_per_s": round(cases.drain(jobs, processes=2, began=began)),
        "bulk_per_s": round(enqueued),
        "bulk_vs_copy": round(enqueued / copied, 2),
        "single_per_s": round(one_by_one),
        "single_vs_create": round(one_by_one / created, 2),
    }


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
