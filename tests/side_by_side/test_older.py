"""A checkout without history says that it lacks the older release.

`.ci/full`, which needs the history, runs both releases side by side.
"""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.side_by_side import older


@pytest.mark.parametrize("is_clone", [True, False], ids=["a shallow clone", "an sdist"])
def test_a_checkout_without_the_history_is_told(tmp_path: Path, is_clone: bool) -> None:
    checkout = tmp_path / "checkout"
    checkout.mkdir()
    if is_clone:
        subprocess.run(["git", "init", "-q", str(checkout)], check=True)

    with pytest.raises(older.NoHistory, match="clone the repository with its history"):
        older.take(tmp_path / "older", checkout=checkout)
    assert not (tmp_path / "older").exists()
