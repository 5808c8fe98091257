"""The published run of the benchmark."""

from __future__ import annotations

import json
from typing import Any

from tests.support.environment import ROOT


def published() -> Any:
    """Return the machine, the figures and the ratios of the run in benchmarks/results."""
    return json.loads((ROOT / "benchmarks" / "results" / "results.json").read_text())
