"""The distribution of the tests over pytest-xdist's workers, each with a database, by `pytest -n
auto`."""

from __future__ import annotations

import os
from typing import Any

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling


class SharingFixtures(LoadScopeScheduling):
    """Hands tests out one by one, except that tests which share a fixture of their file stay
    together.

    Large lots go first, so that no worker gets one when the others have no work left. (`--dist
    loadgroup` groups tests by marks and renames them, so `--last-failed` would not know them.)
    """

    def __init__(self, config: pytest.Config, log: Producer | None = None) -> None:
        super().__init__(config, log)
        self._root = config.rootpath
        self._shares: dict[str, bool] = {}

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        if file not in self._shares:
            self._shares[file] = 'scope="module"' in (self._root / file).read_text()
        return file if self._shares[file] else nodeid


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadScopeScheduling | None:
    return SharingFixtures(config, log) if config.getoption("dist") == "load" else None


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put tests with a longer timeout first: the end of the run would wait for them."""
    items.sort(key=lambda item: item.get_closest_marker("timeout") is None)


@pytest.hookimpl(optionalhook=True, tryfirst=True)
def pytest_xdist_auto_num_workers() -> int | None:
    """Return one more than there are cores, because many tests wait for a process or a deadline.

    The shared server limits the number to ten by its connections.
    """
    if "PYTEST_XDIST_AUTO_NUM_WORKERS" in os.environ:
        return None
    return min((os.cpu_count() or 1) + 1, 10)


@pytest.hookimpl(wrapper=True)
def pytest_report_to_serializable() -> Any:
    """Replace lone surrogates, which some tests log: reports travel as UTF-8, which cannot hold
    them."""
    report = yield
    return _as_utf8(report)


def _as_utf8(value: Any) -> Any:
    match value:
        case str():
            return value.encode(errors="backslashreplace").decode()
        case dict():
            return {key: _as_utf8(one) for key, one in value.items()}
        case list() | tuple():
            return type(value)(map(_as_utf8, value))
    return value
