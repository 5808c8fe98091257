"""Arguments of old calls, by their names: pgjobs stores no others."""

from __future__ import annotations

import ast

from pgjobs.porting.module import Module, is_name, literal


def arguments_by_name(
    module: Module,
    args: ast.expr | None,
    kwargs: ast.expr | None,
    parameters: tuple[str, ...],
) -> tuple[list[str], list[str]]:
    """Return what ``args=`` and ``kwargs=`` stand for, and notes about what can't be seen."""
    notes: list[str] = []
    by_name = [*_of_list(module, args, parameters, notes), *_of_dict(module, kwargs, notes)]
    return by_name, notes


def by_position(module: Module, args: list[ast.expr], parameters: tuple[str, ...]) -> list[str]:
    """Return positional arguments by name. Raises IndexError if a name is not known."""
    return [f"{parameters[at]}={module.text(each)}" for at, each in enumerate(args)]


def _of_list(
    module: Module, args: ast.expr | None, parameters: tuple[str, ...], notes: list[str]
) -> list[str]:
    if args is None:
        return []
    if not isinstance(args, ast.List | ast.Tuple):
        notes.append(f"Give the arguments {module.text(args)} by their names.")
        return []
    try:
        return by_position(module, args.elts, parameters)
    except IndexError:
        notes.append(f"Give the arguments {module.text(args)} by their names.")
        return []


def _of_dict(module: Module, kwargs: ast.expr | None, notes: list[str]) -> list[str]:
    if kwargs is None:
        return []
    if isinstance(kwargs, ast.Dict):
        keys = [literal(key) for key in kwargs.keys]
        if all(map(is_name, keys)):
            pairs = zip(keys, kwargs.values, strict=True)
            return [f"{key}={module.text(value)}" for key, value in pairs]
    return [f"arguments={module.text(kwargs)}"]
