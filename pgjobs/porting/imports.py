"""Advice for the imports of a file: the new statement, and names without a counterpart."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Final

from pgjobs.porting.finding import Finding, Level
from pgjobs.porting.system import Name, Reader, System

_REMOVE: Final = "remove it"


def read_from(system: System, reader: Reader, node: ast.ImportFrom) -> Iterator[Finding]:
    """Yield the advice for a ``from`` statement, if it names a part of ``system``."""
    module = reader.module.imported(node)
    if any(alias.name == "*" for alias in node.names):
        if _is_within(module, system.packages) or _has_names(system, module):
            yield reader.finding(
                node,
                "name what is imported, and run this command again",
                why="The names of a star import can't be seen, so their uses are not listed.",
                level=Level.LOOK,
            )
        return
    told = {alias: _advice(system, module, alias.name) for alias in node.names}
    ours = {alias: advice for alias, advice in told.items() if advice is not None}
    if not ours:
        return
    kept = [alias for alias in node.names if alias not in ours]
    statements = _merged(
        [_binding(advice, alias.asname or alias.name) for alias, advice in ours.items()]
    )
    if kept:
        kept_names = ", ".join(ast.unparse(alias) for alias in kept)
        statements.append(f"from {'.' * node.level}{node.module or ''} import {kept_names}")
    yield _of_import(reader, node, "; ".join(statements), list(ours.values()))


def read_import(system: System, reader: Reader, node: ast.Import) -> Iterator[Finding]:
    """Yield the advice for each module of ``system`` that an ``import`` statement names."""
    for alias in node.names:
        advice = system.modules.get(alias.name)
        if advice is None and not _is_within(alias.name, system.packages):
            continue
        if advice is None:
            advice = _module_unknown(system, alias.name)
        statement = _binding(advice, alias.asname or alias.name.partition(".")[0])
        yield _of_import(reader, node, statement, [advice], old=f"import {ast.unparse(alias)}")


def _of_import(
    reader: Reader, node: ast.AST, new: str, advice: list[Name], old: str = ""
) -> Finding:
    # If the uses of a name change, the findings of the uses give the reason.
    whys = dict.fromkeys(each.why for each in advice if each.why and not each.new)
    has_unknown = any(each.level is Level.LOOK and not each.new for each in advice)
    return reader.finding(
        node,
        new or _REMOVE,
        old=old,
        why=" ".join(whys),
        level=Level.LOOK if has_unknown else Level.CHANGE,
    )


def _advice(system: System, module: str, name: str) -> Name | None:
    dotted = f"{module}.{name}"
    if dotted in system.names:
        return system.names[dotted]
    if dotted in system.modules:
        return system.modules[dotted]
    if _is_within(module, system.packages):
        return _unknown(dotted)
    return None


def _module_unknown(system: System, module: str) -> Name:
    # The names of `import celery.schedules` have advice of their own, at their uses.
    rows = [row for name, row in system.names.items() if name.startswith(f"{module}.")]
    if not rows:
        return _unknown(module)
    source, _, name = rows[0].imports.removeprefix("from ").partition(" import ")
    return Name(f"import {source}", "its names") if name else Name(rows[0].imports)


def _unknown(dotted: str) -> Name:
    return Name(why=f"pgjobs has no counterpart of {dotted}.", level=Level.LOOK)


def _binding(advice: Name, bound: str) -> str:
    """Return the import statement of ``advice``, with ``as`` if the uses keep another name."""
    statement = advice.imports
    stays = statement.startswith("from ") and not advice.new
    has_name = statement.rpartition(" ")[2] == bound
    return f"{statement} as {bound}" if stays and not has_name else statement


def _merged(statements: list[str]) -> list[str]:
    """Return the statements, one for each module, with its names in order."""
    whole = [each for each in statements if each and not each.startswith("from ")]
    names: dict[str, list[str]] = {}
    for each in statements:
        if each.startswith("from "):
            module, _, name = each.removeprefix("from ").partition(" import ")
            names.setdefault(module, []).append(name)
    froms = [
        f"from {module} import {', '.join(sorted(set(each), key=_as_isort))}"
        for module, each in names.items()
    ]
    return [*dict.fromkeys(whole), *froms]


def _as_isort(name: str) -> tuple[int, str]:
    """Sort constants, classes and then functions."""
    return (0 if name.isupper() else 1 if name[:1].isupper() else 2, name)


def _has_names(system: System, module: str) -> bool:
    return any(name.startswith(f"{module}.") for name in system.names)


def _is_within(dotted: str, packages: tuple[str, ...]) -> bool:
    """Return whether ``dotted`` is one of ``packages`` or below it."""
    return any(dotted == each or dotted.startswith(f"{each}.") for each in packages)
