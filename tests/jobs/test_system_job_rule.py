"""``@system_job`` refuses a wrong rule before it has a class."""

from __future__ import annotations

import re
from typing import Any

import pytest

from pgjobs import BackgroundJob, system_job
from pgjobs.exceptions import InvalidArgument


class Idles(BackgroundJob):
    def run(self) -> None: ...


@pytest.mark.parametrize("rule", [{"interval": Idles}, {"interval": 0}, {"cron": "every day"}])
def test_a_wrong_rule_is_refused_without_a_class(rule: dict[str, Any]) -> None:
    wrong = str(next(iter(rule.values())))
    with pytest.raises(InvalidArgument, match=re.escape(wrong)):
        system_job(**rule)
