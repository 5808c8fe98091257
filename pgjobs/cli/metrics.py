"""The verb that prints metrics, for node_exporter's textfile collector."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandError

from pgjobs.cli.output import printable
from pgjobs.cli.verb import DONE, NOTHING, Verb
from pgjobs.metrics.families import BOUNDS, UP, Values
from pgjobs.metrics.reading import read


class Metrics(Verb):
    name = "metrics"
    summary = (
        "Prints the metrics in Prometheus' text format, for the textfile collector of "
        "node_exporter. Exits with 1, after pgjobs_up 0, if the database does not answer."
    )

    def run(self) -> int:
        try:
            from pgjobs.metrics.collector import encode
        except ImportError as error:
            raise CommandError(str(error)) from None
        values = read()
        if self.output.as_json:
            self.output.rows([_as_dict(each) for each in values])
        else:
            self.output.text(encode([*map(_printable, values)])[0].decode())
        return DONE if any(each.family == UP and each.numbers[()] for each in values) else NOTHING


def _printable(values: Values) -> Values:
    """Return the metric with escapes in its labels: a name of others must not steer a terminal."""
    return Values(
        values.family,
        {tuple(map(printable, labels)): each for labels, each in values.numbers.items()},
        {tuple(map(printable, labels)): each for labels, each in values.histograms.items()},
    )


def _as_dict(values: Values) -> dict[str, Any]:
    """Return a metric for JSON. A histogram counts the jobs up to each bound, in seconds."""
    family = values.family
    series: list[dict[str, Any]] = [
        {"labels": dict(zip(family.labels, labels, strict=True)), "value": number}
        for labels, number in values.numbers.items()
    ] + [
        {
            "labels": dict(zip(family.labels, labels, strict=True)),
            "count": each.count,
            "sum": each.seconds,
            "buckets": dict(zip(map(str, BOUNDS), each.up_to, strict=True)),
        }
        for labels, each in values.histograms.items()
    ]
    return {"name": family.name, "type": family.kind, "help": family.text, "series": series}
