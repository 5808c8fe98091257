"""The names of RQ: when they can be imported, and what the migration guide says of them."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from pgjobs.compat import rq
from pgjobs.compat.rq import options
from pgjobs.compat.rq.refused import REMEDIES
from pgjobs.exceptions import InvalidArgument
from tests.support.markdown import DOCS, table

GUIDE = DOCS / "migrating.md"


def test_the_guide_names_each_name() -> None:
    rows = table(GUIDE, "RQ, django-rq")
    named = [name for row in rows for name in re.findall(r"`(\w+)`", row[1])]
    assert sorted(named) == sorted(rq.__all__)
    assert all(getattr(rq, name) is not None for name in rq.__all__)


def test_the_guide_says_what_becomes_of_each_option() -> None:
    told = {
        option: outcome
        for options_told, outcome, *_ in table(GUIDE, "Option of RQ")
        for option in re.findall(r"`(\w+)`", options_told)
    }
    assert set(told) == options.OF_ENQUEUE
    assert {option for option in told if told[option].startswith("is refused")} == (
        options.OF_ENQUEUE & options.REFUSED.keys()
    )


def test_queues_and_functions_are_made_before_the_models_are_loaded() -> None:
    script = (
        "import django.conf\n"
        "django.conf.settings.configure(INSTALLED_APPS=['pgjobs'])\n"
        "import sys\n"
        "from pgjobs.compat.rq import *\n"
        "queue = get_queue('reports', connection=get_connection())\n"
        "@job(queue, timeout='1h', retry=Retry(max=2, interval=10), result_ttl=500)\n"
        "def report(number): ...\n"
        "assert report.delay and not {'rq', 'redis', 'django_rq', 'pgjobs.models'} & {*sys.modules}"
    )
    subprocess.run([sys.executable, "-c", script], check=True)


def test_another_name_is_refused_with_the_known_ones() -> None:
    with pytest.raises(AttributeError, match="It has: RQ_QUEUE_DEFAULT"):
        _ = rq.Result
    with pytest.raises(ImportError, match="It has: RQ_QUEUE_DEFAULT"):
        from pgjobs.compat.rq import Result  # noqa: F401
    assert not hasattr(rq, "Result")


@pytest.mark.parametrize("name", REMEDIES)
def test_a_name_without_a_meaning_can_be_imported_and_is_refused_at_the_call(name: str) -> None:
    with pytest.raises(InvalidArgument, match=re.escape(REMEDIES[name])):
        getattr(rq, name)(print)
