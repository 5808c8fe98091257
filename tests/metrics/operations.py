"""The files of docs/operations, in pieces that tests can compare."""

from __future__ import annotations

import json
import re
from typing import Any, Final

import yaml

from tests.support.markdown import DOCS

FOLDER: Final = DOCS / "operations"
ALERTS: Final = FOLDER / "alerts.yml"
RULES: Final[list[dict[str, Any]]] = [
    rule for group in yaml.safe_load(ALERTS.read_text())["groups"] for rule in group["rules"]
]
DASHBOARD: Final[Any] = json.loads((FOLDER / "dashboard.json").read_text())
SCALED_OBJECT: Final[Any] = yaml.safe_load((FOLDER / "scaledobject.yaml").read_text())

_VARIABLES: Final = {"$__rate_interval": "5m", "$queue": ".*", "$job_class": ".*"}


def expressions_of_the_dashboard() -> list[str]:
    """Return the expression of each panel, with values in the place of Grafana's variables."""
    found = [target["expr"] for panel in DASHBOARD["panels"] for target in panel["targets"]]
    pattern = "|".join(map(re.escape, _VARIABLES))
    return [re.sub(pattern, lambda match: _VARIABLES[match[0]], each) for each in found]


def metrics_in(expression: str) -> set[str]:
    """Return the names of the metrics of pgjobs in ``expression``."""
    return set(re.findall(r"\bpgjobs_\w+", expression))
