"""`pytest --sample 1/16`: the tests that depend on versions, and a 16th of the others.

CI runs the whole suite on the oldest Python, and on a newer one the tests that a sample keeps.
Before a release, `.ci/full` runs the whole suite on the newest Python, too.
"""

from __future__ import annotations

import zlib
from argparse import ArgumentTypeError
from dataclasses import dataclass
from typing import Final

import pytest

# The tests that new versions of Python, Django and psycopg break most often, by the beginnings of
# their paths below tests/.
DEPENDS_ON_VERSIONS: Final = (
    "admin/",
    "clock/test_procrastinate_thread",
    "pages/test_in_german",
    "pages/test_translation",
    "registry/",
    "sql/test_migrations",
    "tasks/test_backend",
    "tasks/test_contract",
    "test_checks",
    "test_codec",
    "test_notifications",
    "test_signals",
    "testing/test_enqueued",
    "testing/test_time_travel",
    "worker/process/test_lost_threads",
)


@dataclass(frozen=True, slots=True)
class Sample:
    """The part `number` of `parts` equal parts."""

    number: int
    parts: int

    @classmethod
    def parse(cls, text: str) -> Sample:
        number, _, parts = text.partition("/")
        if not (number.isdecimal() and parts.isdecimal() and 1 <= int(number) <= int(parts)):
            raise ArgumentTypeError(f"{text!r} is not a part like 1/8.")
        return cls(int(number), int(parts))

    def keeps(self, nodeid: str) -> bool:
        """Say whether the sample has the test; the answer is the same in every process."""
        return depends_on_versions(nodeid) or self._has(nodeid)

    def _has(self, nodeid: str) -> bool:
        return zlib.crc32(nodeid.encode()) % self.parts == self.number - 1


def depends_on_versions(nodeid: str) -> bool:
    return nodeid.removeprefix("tests/").startswith(DEPENDS_ON_VERSIONS)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--sample",
        type=Sample.parse,
        metavar="K/N",
        help="run the tests that depend on versions, and part K of N of the others",
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    sample: Sample | None = config.getoption("sample")
    if sample is None:
        return
    left_out = [item for item in items if not sample.keeps(item.nodeid)]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if sample.keeps(item.nodeid)]
