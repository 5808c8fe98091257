"""`pytest --sample`, which chooses the tests for another Python."""

from __future__ import annotations

from argparse import ArgumentTypeError

import pytest

from tests.support.environment import ROOT
from tests.support.sampling import DEPENDS_ON_VERSIONS, Sample, depends_on_versions

OTHERS = [f"tests/test_other.py::test_{number}" for number in range(800)]


def test_each_test_is_in_one_part_of_a_sample() -> None:
    parts = [Sample(number, 8) for number in range(1, 9)]
    assert [sum(part.keeps(test) for part in parts) for test in OTHERS] == [1] * len(OTHERS)


def test_parts_of_a_sample_are_about_equal() -> None:
    for number in range(1, 9):
        assert 70 < sum(Sample(number, 8).keeps(test) for test in OTHERS) < 130


def test_a_test_that_depends_on_versions_is_in_every_part() -> None:
    for path in ("tests/test_codec.py", "tests/admin/test_jobs.py"):
        assert all(Sample(number, 8).keeps(f"{path}::test_it[1]") for number in range(1, 9))
    assert not depends_on_versions("tests/test_other.py::test_codec")


@pytest.mark.parametrize("beginning", DEPENDS_ON_VERSIONS)
def test_a_beginning_of_tests_that_depend_on_versions_matches_a_test(beginning: str) -> None:
    tests = ROOT / "tests"
    files = [path.relative_to(tests).as_posix() for path in tests.glob("**/test_*.py")]
    assert any(file.startswith(beginning) for file in files)


@pytest.mark.parametrize("text", ["", "1", "0/8", "9/8", "1/0", "-1/8", "one/8", "1/8/2"])
def test_a_sample_that_is_not_a_part_is_refused(text: str) -> None:
    with pytest.raises(ArgumentTypeError, match="is not a part like 1/8"):
        Sample.parse(text)
