"""What the tables of the systems advise exists, and the page about ports agrees with them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandParser

import pgjobs
from pgjobs.cli.verbs import VERBS
from pgjobs.management.worker_options import add_arguments
from pgjobs.models import Job
from pgjobs.porting import SYSTEMS, celery_calls, celery_self, netbox, rq_calls
from pgjobs.registry.meta import JobOptions
from tests.support.markdown import DOCS, block_after, table

EXPECTED = Path(__file__).parent / "expected"
MIGRATING = DOCS / "migrating.md"
ADVICE = "\n".join(path.read_text() for path in sorted(EXPECTED.glob("*.txt")))

Run = Callable[..., Any]

each_system = pytest.mark.parametrize("system", SYSTEMS.values(), ids=list(SYSTEMS))


def imports(statement: str) -> Iterator[tuple[str, str]]:
    """Yield the modules and names that a statement imports."""
    if match := re.fullmatch(r"from (\S+) import (.+)", statement):
        yield from ((match[1], name) for name in match[2].split(", "))
    elif match := re.fullmatch(r"import (\S+)", statement):
        yield match[1], ""


def exists(path: str) -> bool:
    """Return whether a dotted name leads somewhere."""
    module, _, rest = path.partition(".")
    found: Any = import_module(module)
    for name in rest.split(".") if rest else []:
        module = f"{module}.{name}"
        if not hasattr(found, name):
            try:
                import_module(module)
            except ImportError:
                return False
        found = getattr(found, name)
    return True


@each_system
def test_each_new_import_exists(system: Any) -> None:
    rows = [*system.names.values(), *system.modules.values()]
    for statement in {row.imports for row in rows if row.imports}:
        for module, name in imports(statement):
            path = f"{module}.{name}".rstrip(".")
            assert exists(path), statement


def test_each_dotted_name_in_the_advice_exists() -> None:
    names = set(re.findall(r"(?<![\w.\"/])pgjobs(?:\.[A-Za-z]\w*)+", ADVICE))

    assert len(names) >= 10
    for name in names:
        path = re.sub(r"\.objects.*", "", name)
        assert exists(path), name


def test_each_option_of_a_job_in_the_advice_exists() -> None:
    calls = re.findall(r"→ @pgjobs\.job\((.*)\)$", ADVICE, re.M)
    options = {name for call in calls for name in re.findall(r"(?:^|, )(\w+)=", call)}

    assert {"max_attempts", "retry_on", "backoff", "queue", "timeout"} <= options
    # Options of the backoffs stand in the same lines.
    assert options - {"cap", "jitter"} <= set(JobOptions.__dataclass_fields__)


def test_each_command_in_the_advice_exists_with_its_options() -> None:
    worker = CommandParser()
    add_arguments(worker)
    workers = re.findall(r"→ .*pgjobs_worker(.*)$", ADVICE, re.M)
    assert len(workers) >= 8
    for words in workers:
        worker.parse_args(words.split())
    verbs = set(re.findall(r"manage\.py pgjobs ([\w-]+)", ADVICE))
    assert {"port", "prune", "queues"} <= verbs <= set(VERBS)


def test_each_attribute_of_the_row_in_the_advice_exists() -> None:
    pages = [new for old in ("Celery", "django-q2") for _, new in table(MIGRATING, old)]
    advice = re.findall(r" → (.*)$", ADVICE, re.M)
    names = set(re.findall(r"(?<![\w.])job\.(\w+)", "\n".join([*advice, *pages])))
    names |= {re.findall(r"\w+", new)[0] for new, _ in celery_calls.OF_RESULTS.values()}
    names |= set(re.findall(r"job\.(\w+)", " ".join(celery_self.OF_REQUEST.values())))

    assert {"pk", "attempt", "wait"} <= names
    assert [name for name in names if not hasattr(Job, name)] == []


def test_the_names_of_netbox_are_those_of_the_page() -> None:
    told: dict[str, str] = {}
    for old, new, _ in table(MIGRATING, "NetBox"):
        news = re.findall(r"`(\w+)`", new)
        for at, name in enumerate(re.findall(r"`([\w.\"\[\]]+)`", old)):
            told[re.sub(r"\[.*", "", name)] = news[at] if len(news) > at else ""
    exact = {old: new for old, new in told.items() if old in netbox.NAMES and new}

    assert len(exact) >= 12
    assert {old: netbox.NAMES[old] for old in exact} == exact


def test_the_options_that_rq_loses_are_those_that_its_names_refuse() -> None:
    if find_spec("pgjobs.compat") is None:
        return
    options = import_module("pgjobs.compat.rq.options")

    assert set(rq_calls.REFUSED) <= set(options.REFUSED)


def test_the_sample_on_the_page_is_the_output(pgjobs: Run, monkeypatch: Any) -> None:
    monkeypatch.chdir(EXPECTED.parent / "projects")

    assert pgjobs("port", "bakery").out == block_after(MIGRATING, "port")


@pytest.mark.parametrize("heading", ["Celery", "django-q2", "django-tasks-db"])
def test_each_row_of_a_page_table_has_an_old_and_a_new_side(heading: str) -> None:
    rows = table(MIGRATING, heading)

    assert len(rows) >= 8
    assert all(old and new for old, new in rows)
    for path in re.findall(r"`(pgjobs(?:\.\w+)+)`", " ".join(new for _, new in rows)):
        assert exists(path)


def test_each_backoff_in_the_advice_can_be_called() -> None:
    texts = re.findall(r"backoff=(pgjobs\.retry\..*)\)$", ADVICE, re.M)
    names = {"pgjobs": pgjobs, "timedelta": timedelta, "BACKOFF": 5}

    waits = [eval(text, names)(1) for text in texts]

    assert len(waits) >= 4
    assert all(isinstance(wait, timedelta) for wait in waits)
