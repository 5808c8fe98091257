"""The ratio for each target, from the figures of one run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

_MANY_CORES: Final = 16
_MILLION: Final = "1000000"
_WORDS: Final = "jobs no such word"


def ratios(figures: Mapping[str, Any], cores: int) -> dict[str, float | None]:
    """Return the ratio for each target, rounded to three digits.

    It is None if it was not measured, or if the machine has fewer ``cores`` than its target needs.
    """
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
    preloaded = figures["cost"]["idle"].get("preloaded", {})
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
        "idle_mb": preloaded.get("megabytes_each"),
        "memory_growth": late / early - 1,
        "coroutines_vs_plain": drain["one process, coroutines"] / one,
        **_scaling(figures.get("scaling", {}), cores),
        **_isolation(figures.get("isolation", {}), cores),
        **_statistics(figures.get("statistics", {})),
        "slowest_page_ms": _slowest_page(figures.get("pages", {})),
    }
    return {key: None if value is None else _rounded(value) for key, value in found.items()}


def _isolation(found: Mapping[str, Any], cores: int) -> dict[str, float | None]:
    megabytes = _of(found, "process", "megabytes") or []
    speed_up = _over(found.get("computing, processes"), found.get("computing, one thread"))
    return {
        "process_per_s": _of(found, "process", "per_second"),
        "fresh_process_per_s": _of(found, "fresh_process", "per_second"),
        "computing": _over(speed_up, cores),
        "process_mb": max(sorted(megabytes)[:-1], default=None),
    }


def _statistics(found: Mapping[str, Any]) -> dict[str, float | None]:
    looks = _of(found, "looks") or {}
    return {
        "counted_vs_uncounted": _of(found, "drains", "ratio"),
        "slowest_look_ms": max(looks.values(), default=None),
    }


def _slowest_page(found: Mapping[str, Any]) -> float | None:
    """Return the time of the slowest page at a million jobs.

    Words over all history are left out: no index can answer them, and the page says what does.
    """
    pages = found.get(_MILLION, {})
    return max((took for name, took in pages.items() if name != _WORDS), default=None)


def _scaling(found: Mapping[str, Any], cores: int) -> dict[str, float | None]:
    """Return the ratios of the drains by several processes, None where one was not measured."""
    rates = {int(count): _of(by, "large backlog", "per_second") for count, by in found.items()}
    fewer = max((rate for count, rate in rates.items() if rate and count < 16), default=None)
    held = _of(found, "8", "large backlog, snapshot held", "per_second")
    on_many_cores = {
        "eight_vs_one": _over(rates.get(8), rates.get(1)),
        "sixteen_vs_fewer": _over(rates.get(16), fewer),
        "eight_held": _over(held, rates.get(8)),
    }
    waits = _of(found, "16", "large backlog", "waits")
    return {
        **(on_many_cores if cores >= _MANY_CORES else dict.fromkeys(on_many_cores)),
        "server_growth": _over(_growth(found, "small backlog"), _growth(found, "control")),
        "transaction_waits": None if waits is None else 100 * share(waits, "Lock:transactionid"),
        "wal_bytes": _of(found, "1", "large backlog", "wal_bytes", "in all"),
    }


def _growth(found: Mapping[str, Any], drain: str) -> float | None:
    return _over(_of(found, "16", drain, "server_us"), _of(found, "1", drain, "server_us"))


def share(waits: Mapping[str, float], event: str) -> float:
    """Return the share of the samples in which a session of any kind waited for ``event``."""
    return sum(part for name, part in waits.items() if name.endswith(f", {event}"))


def _of(found: Any, *keys: str) -> Any:
    """Return the figure under ``keys``, or None if it was not measured."""
    for key in keys:
        if key not in found:
            return None
        found = found[key]
    return found


def _over(value: float | None, other: float | None) -> float | None:
    return None if value is None or other is None else value / other


def _rounded(value: float) -> float:
    return float(f"{value:.3g}")
