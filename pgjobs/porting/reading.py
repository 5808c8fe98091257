"""Reads one Python file by the tables of a system: imports, uses, settings, apps."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import Final

from pgjobs.porting.finding import Finding, Level
from pgjobs.porting.module import Module
from pgjobs.porting.project import Project
from pgjobs.porting.system import Name, Reader, System

REMOVE: Final = "remove it"


def read_module(system: System, module: Module, project: Project) -> Iterator[Finding]:
    """Yield the findings of ``system`` in one file, in no order."""
    reader = Reader(system.name, module, project)
    yield from system.details(reader)
    for node in module.nodes:
        if node not in reader.done:
            yield from _findings(system, reader, node)


def _findings(system: System, reader: Reader, node: ast.AST) -> Iterator[Finding]:
    match node:
        case ast.ImportFrom():
            yield from _from(system, reader, node)
        case ast.Import():
            yield from _import(system, reader, node)
        case ast.Name() | ast.Attribute():
            yield from _use(system, reader, node)
        case ast.Assign() | ast.AnnAssign():
            yield from _setting(system, reader, node)
        case ast.Constant(value=str()):
            yield from _text(system, reader, node)


# Imports --------------------------------------------------------------------------------------


def _from(system: System, reader: Reader, node: ast.ImportFrom) -> Iterator[Finding]:
    module = reader.module.imported(node)
    if any(alias.name == "*" for alias in node.names):
        if is_within(module, system.packages) or _has_names(system, module):
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


def _import(system: System, reader: Reader, node: ast.Import) -> Iterator[Finding]:
    for alias in node.names:
        advice = system.modules.get(alias.name)
        if advice is None and not is_within(alias.name, system.packages):
            continue
        if advice is None:
            advice = _module_unknown(system, alias.name)
        statement = _binding(advice, alias.asname or alias.name.partition(".")[0])
        yield _of_import(reader, node, statement, [advice], old=f"import {ast.unparse(alias)}")


def _of_import(
    reader: Reader, node: ast.AST, new: str, advice: list[Name], old: str = ""
) -> Finding:
    # If the name has another one at its uses, they say why.
    whys = dict.fromkeys(each.why for each in advice if each.why and not each.new)
    has_unknown = any(each.level is Level.LOOK and not each.new for each in advice)
    return reader.finding(
        node,
        new or REMOVE,
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
    if is_within(module, system.packages):
        return _unknown(dotted)
    return None


def _module_unknown(system: System, module: str) -> Name:
    # `import celery.schedules` brings names whose uses have advice of their own.
    rows = [row for name, row in system.names.items() if name.startswith(f"{module}.")]
    if not rows:
        return _unknown(module)
    source, _, name = rows[0].imports.removeprefix("from ").partition(" import ")
    return Name(f"import {source}", "its names") if name else Name(rows[0].imports)


def _unknown(dotted: str) -> Name:
    return Name(why=f"pgjobs has no counterpart of {dotted}.", level=Level.LOOK)


def _binding(advice: Name, bound: str) -> str:
    """Return the statement of ``advice`` that binds the name that the uses have, if they stay."""
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


# Uses -----------------------------------------------------------------------------------------


def _use(system: System, reader: Reader, node: ast.Name | ast.Attribute) -> Iterator[Finding]:
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
    """Return what to write at a use; an empty string if the use stays as it is."""
    if advice.new:
        return _prefix(system, reader, node, dotted) + advice.new
    if isinstance(node, ast.Name):
        return ""
    if dotted.rpartition(".")[0] in system.modules:
        # `rq.job.Job` is `rq.Job`: the names of all modules stand in one.
        nested = isinstance(node.value, ast.Attribute)
        return f"{_root(node.value)}.{node.attr}" if nested else ""
    # The name is taken from a module that goes away, such as `generic.ObjectJobsView`.
    module, _, name = advice.imports.removeprefix("from ").partition(" import ")
    return f"{module}.{name}" if name else ""


def _root(node: ast.expr) -> str:
    while isinstance(node, ast.Attribute):
        node = node.value
    return _id(node)


def _prefix(system: System, reader: Reader, node: ast.AST, dotted: str) -> str:
    """Return the module in front of a name, if the import binds it to a module of pgjobs."""
    module = system.modules.get(dotted.rpartition(".")[0])
    if not isinstance(node, ast.Attribute) or module is None:
        return ""
    return f"{reader.module.text(node.value)}." if module.imports.startswith("from ") else ""


# Settings -------------------------------------------------------------------------------------


def _setting(system: System, reader: Reader, node: ast.Assign | ast.AnnAssign) -> Iterator[Finding]:
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    if node.value is None or isinstance(_function_around(reader, node), ast.AST):
        return
    for target in targets:
        if not isinstance(target, ast.Name):
            continue
        for pattern, setting in system.settings.items():
            if re.fullmatch(pattern, target.id):
                value = reader.module.text(node.value)
                yield reader.finding(
                    node,
                    setting.new.replace("{value}", value),
                    old=shown(reader, node),
                    why=setting.why,
                    level=setting.level,
                )
                break


def _function_around(reader: Reader, node: ast.AST) -> ast.AST | None:
    functions = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
    return next(
        (each for each in reader.module.ancestors(node) if isinstance(each, functions)), None
    )


def shown(reader: Reader, node: ast.Assign | ast.AnnAssign) -> str:
    """Return an assignment in one line; a long dict or list is cut to its beginning."""
    text = reader.module.text(node)
    if node.value is not None and isinstance(node.value, ast.Dict | ast.List | ast.Tuple):
        is_long = node.value.end_lineno != node.value.lineno
        opening = text[: len(text) - len(reader.module.text(node.value)) + 1]
        return f"{opening}…" if is_long else text
    return text


# Texts ----------------------------------------------------------------------------------------


def _text(system: System, reader: Reader, node: ast.Constant) -> Iterator[Finding]:
    value = str(node.value)
    app = value.partition(".apps.")[0]  # an app may be named by its AppConfig
    if app in system.apps and _is_an_app(reader.module, node):
        new = system.apps[app]
        yield reader.finding(node, new)
    elif value in system.backends and _is_a_backend(reader.module, node):
        yield reader.finding(node, f'"{system.backends[value]}"')
    elif value in system.includes and _is_first_of(reader.module, node, "include"):
        yield reader.finding(node, f'"{system.includes[value]}"')
    elif value in system.management and _is_first_of(reader.module, node, "call_command"):
        yield reader.finding(node, system.management[value])


def _is_an_app(module: Module, node: ast.AST) -> bool:
    for above in module.ancestors(node):
        match above:
            case ast.Assign(targets=targets):
                return any(_ends_in_apps(each) for each in targets)
            case ast.AnnAssign(target=target) | ast.AugAssign(target=target):
                return _ends_in_apps(target)
            case ast.Call(func=ast.Attribute(value=target)) if _ends_in_apps(target):
                return True
    return False


def _ends_in_apps(target: ast.AST) -> bool:
    return isinstance(target, ast.Name) and target.id.endswith("APPS")


def _is_a_backend(module: Module, node: ast.AST) -> bool:
    above = module.parent(node)
    if not isinstance(above, ast.Dict):
        return False
    pairs = zip(above.keys, above.values, strict=True)
    return any(
        value is node and isinstance(key, ast.Constant) and key.value == "BACKEND"
        for key, value in pairs
    )


def _is_first_of(module: Module, node: ast.AST, function: str) -> bool:
    above = module.parent(node)
    if not isinstance(above, ast.Call) or not above.args or above.args[0] is not node:
        return False
    called = above.func
    return function == (called.attr if isinstance(called, ast.Attribute) else _id(called))


def _id(node: ast.AST) -> str:
    return node.id if isinstance(node, ast.Name) else ""


def is_within(dotted: str, packages: tuple[str, ...]) -> bool:
    """Return whether ``dotted`` is one of ``packages`` or below it."""
    return any(dotted == each or dotted.startswith(f"{each}.") for each in packages)
