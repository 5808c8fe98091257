"""Advice for strings that name a part of a system: an app, a backend, URLs, a command."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from pgjobs.porting.finding import Finding
from pgjobs.porting.module import Module
from pgjobs.porting.system import Reader, System


def read_text(system: System, reader: Reader, node: ast.Constant) -> Iterator[Finding]:
    """Yield the advice for a string whose place gives it a meaning for ``system``."""
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
    match above.func:
        case ast.Attribute(attr=name) | ast.Name(id=name):
            return function == name
    return False
