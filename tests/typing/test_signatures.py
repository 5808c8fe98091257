"""What type checkers read of the calls is what the calls take at run time."""

from __future__ import annotations

import ast
from typing import Any

from pgjobs.enqueueing.arguments import OPTIONS
from pgjobs.jobs.calls import Calls
from tests.support.environment import ROOT
from tests.support.markdown import DOCS, blocks
from tests.typing.test_checkers import CASES

TREE = ast.parse((ROOT / "pgjobs" / "jobs" / "signatures.py").read_text())
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


def test_the_declared_options_are_those_that_the_calls_take() -> None:
    found = {call: parameters(node) for call, node in declared("Calls").items()}

    assert found == DECLARED


def test_each_call_is_declared() -> None:
    of_class = {name for name, value in vars(Calls).items() if isinstance(value, classmethod)}

    assert declared("Calls").keys() == of_class - {"__class_getitem__"} == DECLARED.keys()


def test_the_errors_on_the_page_are_cases() -> None:
    cases = {line.strip() for line in (CASES / "job_classes.py").read_text().splitlines()}
    code = "".join(block.text for block in blocks(DOCS / "jobs.md", "python"))
    shown = {line for line in code.splitlines() if "# error:" in line}

    assert len(shown) == 5
    assert shown <= cases
