"""The older release comes out of the history, and a checkout without history says so.

`.ci/full` runs both releases side by side.
"""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.side_by_side import older
from tests.support.environment import ROOT
from tests.support.requirements import skip_or_fail


def test_the_older_release_lacks_the_newest_migrations(tmp_path: Path) -> None:
    try:
        code = older.take(tmp_path / "older")
    except older.NoHistory as reason:
        skip_or_fail(str(reason))

    its = {file.name for file in (code / "pgjobs" / "migrations").glob("0*.py")}
    ours = {file.name for file in (ROOT / "pgjobs" / "migrations").glob("0*.py")}
    assert its < ours
    assert max(its) == f"{older.NEWEST_MIGRATION}.py"


@pytest.mark.parametrize("is_clone", [True, False], ids=["a shallow clone", "an sdist"])
def test_a_checkout_without_the_history_is_told(tmp_path: Path, is_clone: bool) -> None:
    checkout = tmp_path / "checkout"
    checkout.mkdir()
    if is_clone:
        subprocess.run(["git", "init", "-q", str(checkout)], check=True)

    with pytest.raises(older.NoHistory, match="clone the repository with its history"):
        older.take(tmp_path / "older", checkout=checkout)
    assert not (tmp_path / "older").exists()
