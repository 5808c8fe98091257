"""The code of the quickstart has no error for ``mypy --strict``, with the settings of jobs.md."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.environment import ROOT
from tests.support.markdown import DOCS, blocks

# mypy without a cache reads Django and all of pgjobs.
pytestmark = pytest.mark.timeout(600)

AS_IF_INSTALLED = """
[mypy-pgjobs.*]
follow_imports = silent
"""


def test_the_quickstart_passes_mypy_strict(tmp_path: Path) -> None:
    write(tmp_path, "mysite/settings.py", 'SECRET_KEY = "of a test"')
    write(tmp_path, "network/__init__.py", "")
    shown = blocks(DOCS / "quickstart.md", "python")
    for number, block in enumerate(shown):
        is_typed_in = block.title == "manage.py shell"
        write(tmp_path, f"shell_{number}.py" if is_typed_in else block.title, block.text)
    (settings,) = blocks(DOCS / "jobs.md", "ini")
    write(tmp_path, "mypy.ini", settings.text + AS_IF_INSTALLED)

    checked = [str(path) for path in sorted(tmp_path.rglob("*.py")) if path.name != "settings.py"]
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", *checked],
        cwd=tmp_path,
        env={
            **{name: value for name, value in os.environ.items() if name != "PGJOBS"},
            "MYPYPATH": str(ROOT),
            "PYTHONPATH": str(ROOT),
            "MYPY_CACHE_DIR": str(ROOT / ".mypy_cache" / "quickstart"),
        },
        capture_output=True,
        text=True,
        check=False,
    )

    assert len(checked) == 6
    assert done.stdout == f"Success: no issues found in {len(checked)} source files\n", done.stderr


def write(project: Path, name: str, text: str) -> None:
    """Add ``text`` to a file, because pages show a file bit by bit."""
    path = project / name
    path.parent.mkdir(exist_ok=True)
    with path.open("a") as file:
        file.write(f"{text}\n\n")
