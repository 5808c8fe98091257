"""The plugin's job class. Each of its jobs is a row with a log, an outcome and a history."""

from __future__ import annotations

import ast
from collections import Counter
from pathlib import Path
from threading import Lock

from inventory.models import DataFile
from myplugin.models import PythonFile
from pgjobs import BackgroundJob, JobFailed

# Python up to 3.12 counts the recursion depth of ast.parse() for all threads of the process
# together. If two jobs parsed at the same time, one of them could end with "AST constructor
# recursion depth mismatch".
_parsing = Lock()


class AnalyseFile(BackgroundJob[DataFile]):
    """Parses a Python file, and counts its classes, functions and lines."""

    class Meta:
        name = "Analyse Python file"
        queue = "myplugin.foo"
        timeout = 60

    def run(self) -> None:
        file = self.job.object
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
            raise JobFailed("The file was removed after it was hashed.") from error


def count(source: bytes) -> dict[str, int]:
    try:
        with _parsing:
            tree = ast.parse(source)
    except (SyntaxError, ValueError) as error:  # older Pythons raise ValueError for a NUL byte
        raise JobFailed(f"Not valid Python: {error}") from error
    kinds = Counter(type(node) for node in ast.walk(tree))
    return {
        "classes": kinds[ast.ClassDef],
        "functions": kinds[ast.FunctionDef] + kinds[ast.AsyncFunctionDef],
        "lines": len(source.splitlines()),
    }
