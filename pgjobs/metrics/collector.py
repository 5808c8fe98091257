"""The collector of prometheus_client, and the texts that it makes: no other module imports it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from pgjobs.extras import missing
from pgjobs.metrics.families import BOUNDS, FAMILIES, Values
from pgjobs.metrics.reading import read

try:
    from prometheus_client import CollectorRegistry
    from prometheus_client.exposition import choose_encoder
    from prometheus_client.metrics_core import (
        CounterMetricFamily,
        GaugeMetricFamily,
        HistogramMetricFamily,
        Metric,
    )
    from prometheus_client.registry import Collector as AnyCollector
    from prometheus_client.utils import floatToGoString
except ImportError as error:
    raise missing("prometheus", error) from error

_BUCKETS: Final = (*map(floatToGoString, BOUNDS), "+Inf")


class Collector(AnyCollector):
    """Reads the metrics of the jobs at each scrape, for the registry in which it is registered."""

    def collect(self) -> Iterator[Metric]:
        return map(_metric, read())

    def describe(self) -> Iterator[Metric]:
        """Yield the metrics without values, so that registering does not read the database."""
        return (_metric(Values(family)) for family in FAMILIES)


class _Ready(AnyCollector):
    """Metrics that have been read already."""

    def __init__(self, values: Sequence[Values]) -> None:
        self._values = values

    def collect(self) -> Iterator[Metric]:
        return map(_metric, self._values)


def encode(values: Sequence[Values], accept: str = "") -> tuple[bytes, str]:
    """Return ``values`` in the best format that the header ``Accept`` names, and its media type.

    Without a header it is Prometheus' oldest text format, which all its tools read.
    """
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Ready(values))
    encoder, media_type = choose_encoder(accept)
    return encoder(registry), media_type


def _metric(values: Values) -> Metric:
    family = values.family
    match family.kind:
        case "gauge":
            gauge = GaugeMetricFamily(family.name, family.text, labels=family.labels)
            for labels, number in values.numbers.items():
                gauge.add_metric(labels, number)
            return gauge
        case "counter":
            counter = CounterMetricFamily(family.name, family.text, labels=family.labels)
            for labels, number in values.numbers.items():
                counter.add_metric(labels, number)
            return counter
        case "histogram":
            histogram = HistogramMetricFamily(family.name, family.text, labels=family.labels)
            for labels, counts in values.histograms.items():
                buckets = list(zip(_BUCKETS, (*counts.up_to, counts.count), strict=True))
                histogram.add_metric(labels, buckets, sum_value=counts.seconds)
            return histogram
