"""The results as Markdown, JSON and a chart."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

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
            "\n## All figures\n",
            *_table(("", ""), _flat({**figures, "peers": {}, "rounds": {}})),
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
    }
    peers = figures["peers"].items()
    return ours | {name: found["per_second"] for name, found in peers if "per_second" in found}


def targets(ratios: Mapping[str, float | None]) -> Iterable[str]:
    """Yield the lines of a table: each target, the ratio of this run, and whether it is met."""
    return _table(("", "Target", "Here", ""), _targets(ratios))


def _targets(ratios: Mapping[str, float | None]) -> Iterable[Row]:
    for target in TARGETS:
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
