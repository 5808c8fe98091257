"""Advice for the uses of imported names: the new code of each use that changes."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from pgjobs.porting.finding import Finding
from pgjobs.porting.system import Name, Reader, System


def read_use(system: System, reader: Reader, node: ast.Name | ast.Attribute) -> Iterator[Finding]:
    """Yield the advice for a name of ``system`` at one use."""
    if not isinstance(node.ctx, ast.Load):
        return
    for dotted in reader.module.dotted(node):
        advice = system.names.get(dotted)
        new = _at_use(system, reader, node, dotted, advice) if advice is not None else ""
        if advice is not None and new:
            if isinstance(node, ast.Attribute):
                reader.done.update(ast.walk(node.value))
            yield reader.finding(node, new, why=advice.why, level=advice.level)
            return


def _at_use(
    system: System, reader: Reader, node: ast.Name | ast.Attribute, dotted: str, advice: Name
) -> str:
    """Return the new code of a use; an empty string if the use does not change."""
    if advice.new:
        return _prefix(system, reader, node, dotted) + advice.new
    if isinstance(node, ast.Name):
        return ""
    if dotted.rpartition(".")[0] in system.modules:
        # `rq.job.Job` becomes `rq.Job`: one module of pgjobs has the names of all modules.
        nested = isinstance(node.value, ast.Attribute)
        return f"{_root(node.value)}.{node.attr}" if nested else ""
    # The import of the module is removed, for example of `generic` in `generic.ObjectJobsView`.
    module, _, name = advice.imports.removeprefix("from ").partition(" import ")
    return f"{module}.{name}" if name else ""


def _root(node: ast.expr) -> str:
    while isinstance(node, ast.Attribute):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""


def _prefix(system: System, reader: Reader, node: ast.AST, dotted: str) -> str:
    """Return the module in front of a name, if the import binds it to a module of pgjobs."""
    module = system.modules.get(dotted.rpartition(".")[0])
    if not isinstance(node, ast.Attribute) or module is None:
        return ""
    return f"{reader.module.text(node.value)}." if module.imports.startswith("from ") else ""
