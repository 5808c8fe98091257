"""``@system_job`` refuses a wrong rule before it has a class."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.utils.functional import SimpleLazyObject

from pgjobs import BackgroundJob, system_job
from pgjobs.exceptions import InvalidArgument
from pgjobs.jobs.system import system_jobs
from tests.support.registry import forget_system_job


class Idles(BackgroundJob):
    def run(self) -> None: ...


@pytest.mark.parametrize("rule", [{"interval": Idles}, {"interval": 0}, {"cron": "every day"}])
def test_a_wrong_rule_is_refused_without_a_class(rule: dict[str, Any]) -> None:
    wrong = str(next(iter(rule.values())))
    with pytest.raises(InvalidArgument, match=re.escape(wrong)):
        system_job(**rule)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"notifications": "sometimes"}, "notifications must be one of .*, not 'sometimes'"),
        ({"notifications": 1}, "notifications must be a text, not 1"),
        ({"queue_name": ["low"]}, r"queue_name must be a text, not \['low'\]"),
        ({"meta": "x"}, "meta must be a dict, not 'x'"),
        ({"meta": {"a": object()}}, r"meta\['a'\] is <object"),
        ({"user": "admin"}, "user must be a saved .*, not 'admin'"),
    ],
)
def test_a_wrong_option_is_refused_at_the_call(options: dict[str, Any], said: str) -> None:
    with pytest.raises(InvalidArgument, match=said):
        Idles.setup(interval=60, **options)
    assert Idles.path not in system_jobs()


def test_a_lazy_user_is_left_alone_until_the_clock_fires() -> None:
    user = SimpleLazyObject(lambda: pytest.fail("the user was read"))

    Idles.setup(interval=60, user=user)

    assert system_jobs()[Idles.path].options["user"] is user
    forget_system_job(Idles)
