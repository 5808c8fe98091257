"""A worker loads its statements as it starts: later it may be unable to open their files."""

from __future__ import annotations

from pathlib import Path

import pytest

from pgjobs import sql
from tests.support.worker_process import run_burst_here


@pytest.mark.usefixtures("empty_queue", "no_system_jobs")
def test_a_worker_that_has_started_has_loaded_each_statement() -> None:
    sql.load.cache_clear()
    run_burst_here()
    loaded = sql.load.cache_info().misses
    names = [path.relative_to(Path(sql.__file__).parent) for path in _files()]
    for name in names:
        if name.parts[0] not in ("functions", "views"):
            sql.load(name.with_suffix("").as_posix())

    assert names
    assert sql.load.cache_info().misses == loaded


def _files() -> list[Path]:
    return sorted(Path(sql.__file__).parent.rglob("*.sql"))
