"""The results as Markdown, JSON and a chart."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from benchmarks.ratios import share
from benchmarks.targets import TARGETS

Row = tuple[object, ...]


def write(directory: Path, machine: dict[str, Any], figures: Any, ratios: Any) -> None:
    """Write ``results.json`` and ``results.md``, and with matplotlib ``drain.svg``."""
    directory.mkdir(parents=True, exist_ok=True)
    everything = {"machine": machine, "figures": figures, "ratios": ratios}
    (directory / "results.json").write_text(json.dumps(everything, indent=2) + "\n")
    (directory / "results.md").write_text(markdown(machine, figures, ratios))
    if find_spec("matplotlib") is None:
        reason = "matplotlib is not installed: pip install 'django-pgjobs[bench]'"
        print(f"drain.svg is left out, {reason}", file=sys.stderr)
    else:
        chart(directory / "drain.svg", figures)


def markdown(machine: dict[str, Any], figures: Any, ratios: Mapping[str, float | None]) -> str:
    return "\n".join(
        [
            "# Results of one run\n",
            "![Jobs a second](drain.svg)\n",
            *targets(ratios),
            "\n## Throughput with jobs that do nothing\n",
            *_table(("", "Broker", "Jobs a second", "Each round", "Settings"), _drains(figures)),
            *_scaling(figures.get("scaling")),
            "\n## All figures\n",
            *_table(("", ""), _flat({**figures, "peers": {}, "rounds": {}, "scaling": {}})),
            "\n## Measured on\n",
            *_table(("", ""), machine.items()),
            "",
        ]
    )


def chart(path: Path, figures: Any) -> None:
    """Draw one bar for each system, the fastest on top, on a logarithmic scale."""
    import matplotlib as mpl

    mpl.use("svg")
    mpl.rcParams["svg.hashsalt"] = "pgjobs"  # the same figures give the same file
    from matplotlib import pyplot

    rates = sorted((rate, name) for name, rate in _rates(figures).items())
    figure, axes = pyplot.subplots(figsize=(8, 0.35 * len(rates) + 1), layout="constrained")
    colors = ["#0b6e4f" if name.startswith("pgjobs") else "#9aa5b1" for _, name in rates]
    bars = axes.barh([name for _, name in rates], [rate for rate, _ in rates], color=colors)
    axes.bar_label(bars, labels=[f"{rate:,.0f}" for rate, _ in rates], padding=4)
    axes.set_xscale("log")
    axes.margins(x=0.15)
    axes.set_xlabel("jobs a second, draining jobs that do nothing (logarithmic)")
    axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, metadata={"Date": None})
    pyplot.close(figure)


def _rates(figures: Any) -> dict[str, float]:
    drain = figures["drain"]
    ours = {
        "pgjobs": drain["one process"],
        "pgjobs, two processes": drain["two processes"],
        "(pgbench, the same SQL)": drain["floor"],
        "(pgbench, two clients)": drain.get("floor, two clients"),
    }
    peers = figures["peers"].items()
    theirs = {name: found["per_second"] for name, found in peers if "per_second" in found}
    return {name: rate for name, rate in (ours | theirs).items() if rate is not None}


def targets(ratios: Mapping[str, float | None]) -> Iterable[str]:
    """Return the lines of a table: each target, the ratio of this run, and whether it is met.

    A target that is younger than the run is left out.
    """
    return _table(("", "Target", "Here", ""), _targets(ratios))


def _targets(ratios: Mapping[str, float | None]) -> Iterable[Row]:
    for target in (target for target in TARGETS if target.key in ratios):
        found = ratios[target.key]
        verdict = "" if found is None else "met" if target.is_met(found) else "**missed**"
        yield target.meaning, target.shown, "not measured" if found is None else found, verdict


def _drains(figures: Any) -> Iterable[Row]:
    for name, rate in figures["drain"].items():
        rounds = _shown(figures["rounds"][name])
        yield f"pgjobs: {name}", "postgresql", _shown(rate), rounds, "rows kept"
    for name, found in figures["peers"].items():
        rate = _shown(found["per_second"]) if "per_second" in found else found["missing"]
        rounds = _shown(found.get("rounds", []))
        yield name, found["broker"], rate, rounds, found["settings"]


def _scaling(figures: Mapping[str, Any] | None) -> Iterable[str]:
    """Yield the part on many processes; nothing for a run from before it was measured."""
    if figures is None:
        return
    yield "\n## Throughput by the number of worker processes\n"
    yield from _table(_SCALING, _by_processes(figures))
    yield "\nTimes are µs for each job. `Server` is the processor time of all of PostgreSQL's"
    yield "processes; `Claim` and `Record` are the execution times of these statements with their"
    yield "waits. `In vain` is the number of rows that were locked and not claimed, for each job."
    yield "Waits are shares of the samples of active sessions."
    yield "\nBytes of WAL for each job, `In all` of the whole server:\n"
    yield from _table(_WAL, _wal(figures))


_SCALING: Final = (
    *("Processes", "Drain", "Jobs", "Jobs a second", "Worker", "Server", "Claim", "Record"),
    *("In vain", "`Lock:transactionid`", "`LWLock:BufferContent`", "Most samples"),
)
_WAL: Final = ("Processes", "Drain", "Enqueue", "Claim", "Record", "In all")
_MOST: Final = 3
_CONTROL: Final = "control"


def _by_processes(figures: Mapping[str, Any]) -> Iterable[Row]:
    for count, drains in figures.items():
        for name, drain in drains.items():
            if name == _CONTROL:
                rate, served = _shown(drain["per_second"]), _shown(drain["server_us"])
                yield count, "pgbench clients", _shown(drain["jobs"]), rate, "", served, *[""] * 6
            else:
                yield count, name, *_drained(drain)


def _drained(drain: Mapping[str, Any]) -> Row:
    statements, waits = drain["statements_us"], drain["waits"]
    return (
        _shown(drain["jobs"]),
        _shown(drain["per_second"]),
        _shown(drain["worker_us"]),
        _shown(drain["server_us"]),
        _shown(statements["claim"]),
        _shown(statements["record"]),
        _shown(drain["locked_in_vain"]),
        f"{share(waits, 'Lock:transactionid'):.1%}",
        f"{share(waits, 'LWLock:BufferContent'):.1%}",
        "; ".join(f"{name} {part:.0%}" for name, part in list(waits.items())[:_MOST]),
    )


def _wal(figures: Mapping[str, Any]) -> Iterable[Row]:
    for count, drains in figures.items():
        for name, drain in drains.items():
            if name != _CONTROL:
                yield count, name, *map(_shown, drain["wal_bytes"].values())


def _flat(figures: Mapping[str, Any], above: str = "") -> Iterable[Row]:
    for name, value in figures.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{above}{name}: ")
        else:
            yield above + name, _shown(value)


def _shown(value: object) -> str:
    if isinstance(value, list):
        return "; ".join(map(_shown, value))
    return f"{value:,.4g}" if isinstance(value, float) and value < 1000 else f"{value:,.0f}"


def _table(head: Row, rows: Iterable[Row]) -> Iterable[str]:
    yield from (_line(head), _line(["---"] * len(head)))
    yield from (_line(row) for row in rows)


def _line(cells: Iterable[object]) -> str:
    return f"| {' | '.join(str(cell).replace('|', '/') for cell in cells)} |"
