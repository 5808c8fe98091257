"""The plugin's job, with the high-level API: a row each, with log, outcome and history."""

from __future__ import annotations

import ast
from collections import Counter
from pathlib import Path
from threading import Lock
from typing import cast

from inventory.models import DataFile
from myplugin.models import PythonFile
from pgjobs import BackgroundJob, JobFailed

# Jobs share their process with others. Python up to 3.12 counts the depth of what it parses for all
# threads together, and now and then ends a parse with "AST constructor recursion depth mismatch".
_parsing = Lock()


class AnalyseFile(BackgroundJob):
    """Parses a Python file and counts what it holds."""

    class Meta:
        name = "Analyse Python file"
        queue = "myplugin.foo"
        timeout = 60

    def run(self) -> None:
        file = cast(DataFile, self.job.object)
        self.job.data = {"path": file.path}
        counts = count(self._source(file))
        PythonFile.objects.bulk_create(
            [PythonFile(file=file, **counts)],
            update_conflicts=True,
            unique_fields=["file"],
            update_fields=list(counts),
        )
        self.job.data |= counts

    def _source(self, file: DataFile) -> bytes:
        try:
            return Path(file.source.path, file.path).read_bytes()
        except FileNotFoundError as error:
            raise JobFailed("The file has gone since it was hashed.") from error


def count(source: bytes) -> dict[str, int]:
    try:
        with _parsing:
            tree = ast.parse(source)
    except (SyntaxError, ValueError) as error:  # ValueError: a NUL byte, in older Pythons
        raise JobFailed(f"Not valid Python: {error}") from error
    kinds = Counter(type(node) for node in ast.walk(tree))
    return {
        "classes": kinds[ast.ClassDef],
        "functions": kinds[ast.FunctionDef] + kinds[ast.AsyncFunctionDef],
        "lines": len(source.splitlines()),
    }
