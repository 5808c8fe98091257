"""Advice for the settings of a system that a file assigns."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from pgjobs.porting.finding import Finding
from pgjobs.porting.system import Reader, System


def read_setting(
    system: System, reader: Reader, node: ast.Assign | ast.AnnAssign
) -> Iterator[Finding]:
    """Yield the advice for an assignment outside functions, if its name is a setting."""
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
