"""The metrics as Prometheus' own parser reads them."""

from __future__ import annotations

from typing import Any

from django.test import Client
from prometheus_client.parser import text_string_to_metric_families

from tests.metrics.conftest import TOKEN

Samples = dict[tuple[str, tuple[tuple[str, str], ...]], float]


def scraped(**headers: str) -> Any:
    """Return the answer to a scrape with the token."""
    bearer = {"authorization": f"Bearer {TOKEN}", **headers}
    return Client().get("/jobs/metrics", headers=bearer)


def parsed(text: str) -> Samples:
    """Return the value of each sample, by its name and its labels in the order of their names."""
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def samples() -> Samples:
    """Return the text of a scrape."""
    return parsed(scraped().content.decode())


def value(name: str, **labels: str) -> float | None:
    """Return the value of one sample now; None if it is absent."""
    return samples().get((name, tuple(sorted(labels.items()))))
