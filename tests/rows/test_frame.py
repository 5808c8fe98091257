"""The fingerprint of a failure names the project's own function that raised."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from pgjobs import codec
from pgjobs.rows.failure import Failure


def reads_no_json() -> None:
    json.loads("{")


def encodes_what_has_no_type() -> None:
    codec.encode(object(), "value")


class Job:
    def run(self) -> None:
        reads_no_json()


@dataclass
class Generated:
    value: int


HERE = __name__
FRAMES: dict[Callable[[], object], str] = {
    reads_no_json: f"{HERE}.reads_no_json",
    encodes_what_has_no_type: f"{HERE}.encodes_what_has_no_type",
    Job().run: f"{HERE}.reads_no_json",
}


def failure_of(act: Callable[[], object]) -> Failure:
    with pytest.raises(Exception) as raised:
        act()
    # Without the frame of this function, which is the project's own, too.
    trace = raised.value.__traceback__
    assert trace is not None
    return Failure.of(raised.value.with_traceback(trace.tb_next))


@pytest.mark.parametrize("act", FRAMES, ids=lambda act: act.__qualname__)
def test_the_frame_is_the_innermost_one_outside_of_libraries(act: Callable[[], object]) -> None:
    assert failure_of(act).frame == FRAMES[act]


def test_a_failure_without_a_frame_of_the_project_has_an_empty_one() -> None:
    assert Failure.of(ValueError("never raised")).frame == ""


def test_a_failure_in_generated_code_names_the_caller() -> None:
    def calls() -> None:
        Generated()  # type: ignore[call-arg]

    assert failure_of(calls).frame.endswith("calls")
