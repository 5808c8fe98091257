"""What type checkers read of the calls is what the calls take at run time."""

from __future__ import annotations

import ast
from typing import Any

import pytest

from pgjobs.enqueueing.arguments import OPTIONS
from pgjobs.jobs.calls import Calls
from pgjobs.jobs.functions import CALLS
from pgjobs.registry.meta import OF_FUNCTIONS
from tests.support.environment import ROOT
from tests.support.markdown import DOCS, blocks
from tests.typing.test_checkers import CASES

TREE = ast.parse((ROOT / "pgjobs" / "jobs" / "signatures.pyi").read_text())
CLASSES = {each.name: each for each in TREE.body if isinstance(each, ast.ClassDef)}

OF_ENQUEUE = OPTIONS - {"name"}
LATER = OF_ENQUEUE - {"immediate"}
DECLARED = {
    "enqueue": OF_ENQUEUE,
    "aenqueue": OF_ENQUEUE,
    "enqueue_once": LATER,
    "aenqueue_once": LATER,
    "enqueue_many": LATER - {"instance"} | {"jobs"},
    "setup": LATER - {"instance", "schedule_at"} | {"cron"},
}


def declared(name: str) -> dict[str, Any]:
    """Return the calls that a class of the signatures declares."""
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    return {each.name: each for each in CLASSES[name].body if isinstance(each, functions)}


def parameters(call: Any) -> set[str]:
    given = [*call.args.posonlyargs, *call.args.args, *call.args.kwonlyargs]
    return {each.arg for each in given} - {"cls", "self"}


@pytest.mark.parametrize("name", ["Calls", "JobFunction"])
def test_the_declared_options_are_those_that_the_calls_take(name: str) -> None:
    found = {call: parameters(node) for call, node in declared(name).items() if call in DECLARED}

    assert len(found) >= 4
    assert found == {call: DECLARED[call] for call in found}


def test_each_call_is_declared() -> None:
    of_class = {name for name, value in vars(Calls).items() if isinstance(value, classmethod)}
    of_function = {call.__name__ for call in CALLS}

    assert declared("Calls").keys() == of_class - {"__class_getitem__"} == DECLARED.keys()
    assert declared("JobFunction").keys() - {"__call__"} == of_function


def test_the_declared_options_of_functions_are_those_that_exist() -> None:
    body = CLASSES["FunctionOptions"].body
    found = {each.target.id for each in body if isinstance(each, ast.AnnAssign)}  # type: ignore[union-attr]

    assert found == set(OF_FUNCTIONS)


def test_the_errors_on_the_page_are_cases() -> None:
    cases = {line.strip() for line in (CASES / "job_classes.py").read_text().splitlines()}
    code = "".join(block.text for block in blocks(DOCS / "jobs.md", "python"))
    shown = {line for line in code.splitlines() if "# error:" in line}

    assert len(shown) == 5
    assert shown <= cases
