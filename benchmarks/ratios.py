"""The ratio for each target, from the figures of one run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def ratios(figures: Mapping[str, Any]) -> dict[str, float | None]:
    """Return the ratio for each target, rounded to three digits; None if it was not measured."""
    drain, enqueue, latencies = figures["drain"], figures["enqueue"], figures["latency"]
    one, two = drain["one process"], drain["two processes"]
    rates = {
        name: figure["per_second"]
        for name, figure in figures["peers"].items()
        if "per_second" in figure
    }
    python = [
        rate for name, rate in rates.items() if figures["peers"][name]["language"] == "Python"
    ]
    idle = figures["cost"]["idle"]["1"]
    early, late = figures["cost"]["megabytes"]
    clients = enqueue["from 32 clients"]
    found = {
        "drain_vs_floor": one / drain["floor"],
        "drain_vs_best_python_peer": _over(one, max(python, default=None)),
        "drain_vs_graphile": _over(one, rates.get("graphile-worker")),
        "drain_2_vs_graphile": _over(two, rates.get("graphile-worker")),
        "drain_vs_procrastinate": _over(one, rates.get("procrastinate")),
        "drain_vs_django_tasks_db": _over(one, rates.get("django-tasks-db")),
        "held_snapshot": drain["one process, snapshot held"] / one,
        "big_history": figures["beside"]["finished"]["one process"] / one,
        "big_future": figures["beside"]["scheduled"]["one process"] / one,
        "claim_ms": max(beside["claim_ms"] for beside in figures["beside"].values()),
        "bulk_vs_copy": enqueue["bulk"] / enqueue["copy"],
        "single_vs_create": enqueue["single"] / enqueue["create"],
        "concurrent_vs_insert": clients["enqueue"] / clients["insert"],
        "latency_p50_ms": latencies["idle"]["p50"],
        "latency_p99_ms": latencies["idle"]["p99"],
        "priority_ms": latencies["behind low ones"]["worst"],
        "idle_statements_per_s": idle["statements_per_second"],
        "idle_percent_of_a_core": idle["percent_of_a_core"],
        "memory_growth": late / early - 1,
    }
    return {key: None if value is None else _rounded(value) for key, value in found.items()}


def _over(value: float, other: float | None) -> float | None:
    return None if other is None else value / other


def _rounded(value: float) -> float:
    return float(f"{value:.3g}")
