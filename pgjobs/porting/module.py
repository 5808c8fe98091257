"""One Python file: its tree, and the dotted names that its names stand for."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from keyword import iskeyword
from typing import Final, TypeAlias

from pgjobs.porting.sources import Source

Function: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef
_FUNCTIONS: Final = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)

Bindings: TypeAlias = dict[str, tuple[str, ...]]
"""The dotted names that a name may stand for; none if it is a local value."""


class Module:
    """A parsed file. Raises SyntaxError or ValueError for what this Python can't read."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.tree = ast.parse(source.text)
        self.parents: dict[ast.AST, ast.AST] = {}
        self.nodes: list[ast.AST] = []
        self._scopes: dict[ast.AST, Bindings] = {}
        self._lines = [line.encode() for line in source.text.split("\n")]
        self._index()
        self.bindings = self._scopes[self.tree]

    # Where -------------------------------------------------------------------------------

    def parent(self, node: ast.AST) -> ast.AST | None:
        return self.parents.get(node)

    def ancestors(self, node: ast.AST) -> Iterator[ast.AST]:
        """Yield what ``node`` stands in, from the inside."""
        above = self.parents.get(node)
        while above is not None:
            yield above
            above = self.parents.get(above)

    def text(self, node: ast.AST) -> str:
        """Return the code of ``node`` in one line."""
        first, last = node.lineno - 1, node.end_lineno - 1  # type: ignore[attr-defined]
        start, end = node.col_offset, node.end_col_offset  # type: ignore[attr-defined]
        lines = self._lines[first : last + 1]
        lines[-1] = lines[-1][:end]
        lines[0] = lines[0][start:]
        if len(lines) == 1:
            return lines[0].decode()
        joined = " ".join(line.decode().strip() for line in lines)
        if "#" in joined:
            return ast.unparse(node)  # A comment would hide the lines after it.
        for long, short in (("( ", "("), ("[ ", "["), ("{ ", "{"), (", )", ",)"), (", ]", "]")):
            joined = joined.replace(long, short)
        return joined

    def column(self, node: ast.AST) -> int:
        """Return where ``node`` begins in its line, in characters from 1."""
        line = self._lines[node.lineno - 1]  # type: ignore[attr-defined]
        return len(line[: node.col_offset].decode()) + 1  # type: ignore[attr-defined]

    # Names -------------------------------------------------------------------------------

    def dotted(self, node: ast.AST | None) -> tuple[str, ...]:
        """Return the dotted names that ``node``, a name or an attribute, may stand for.

        There is more than one if branches import the name from several modules.
        """
        if isinstance(node, ast.Attribute):
            return tuple(f"{each}.{node.attr}" for each in self.dotted(node.value))
        if isinstance(node, ast.Name):
            return self._bound(node.id, node)
        return ()

    def imported(self, node: ast.ImportFrom) -> str:
        """Return the dotted name of the module that a ``from`` statement names."""
        if not node.level:
            return node.module or ""
        parts = self.source.name.split(".")
        drop = node.level - (1 if self.source.is_package else 0)
        base = parts[: len(parts) - drop] if drop else parts
        return ".".join([*base, *([node.module] if node.module else [])])

    def _bound(self, name: str, node: ast.AST) -> tuple[str, ...]:
        is_in_function = False
        for above in self.ancestors(node):
            bindings = self._scopes.get(above)
            # The body of a function does not see the names of the class around it.
            is_seen = not (is_in_function and isinstance(above, ast.ClassDef))
            if bindings is not None and name in bindings and is_seen:
                return bindings[name]
            is_in_function = is_in_function or isinstance(above, _FUNCTIONS)
        return ()

    def _index(self) -> None:
        """Remember parents, the nodes in the order of the text, and what each scope binds."""
        stack: list[tuple[ast.AST, Bindings]] = [(self.tree, {})]
        self._scopes[self.tree] = stack[0][1]
        while stack:
            node, scope = stack.pop()
            self.nodes.append(node)
            self._bind(node, scope)
            inner = scope
            if isinstance(node, (*_FUNCTIONS, ast.ClassDef)):
                inner = self._scopes[node] = {}
            children = list(ast.iter_child_nodes(node))
            for child in children:
                self.parents[child] = node
            stack.extend((child, inner) for child in reversed(children))

    def _bind(self, node: ast.AST, scope: Bindings) -> None:
        match node:
            case ast.Import():
                for alias in node.names:
                    name = alias.asname or alias.name.partition(".")[0]
                    _add(scope, name, alias.name if alias.asname else name)
            case ast.ImportFrom():
                module = self.imported(node)
                for alias in node.names:
                    _add(scope, alias.asname or alias.name, f"{module}.{alias.name}")
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                self._define(node.name, scope)
            case ast.arg():
                self._define(node.arg, scope)
            case ast.Name(ctx=ast.Store()):
                self._define(node.id, scope)

    def _define(self, name: str, scope: Bindings) -> None:
        """Bind a name that this file defines itself; at the top, other files can import it."""
        if scope is self._scopes[self.tree]:
            _add(scope, name, f"{self.source.name}.{name}")
        else:
            scope.setdefault(name, ())


def _add(scope: Bindings, name: str, dotted: str) -> None:
    if dotted not in scope.get(name, ()):
        scope[name] = (*scope.get(name, ()), dotted)


# Parts of calls ------------------------------------------------------------------------------


def keywords(call: ast.Call) -> dict[str, ast.expr]:
    """Return the keyword arguments of a call, without ``**``."""
    return {each.arg: each.value for each in call.keywords if each.arg is not None}


def has_unpacking(call: ast.Call) -> bool:
    """Return whether ``*`` or ``**`` hides arguments."""
    starred = any(isinstance(each, ast.Starred) for each in call.args)
    return starred or any(each.arg is None for each in call.keywords)


def literal(node: ast.AST | None) -> object:
    """Return the value of a literal, or None. A product of numbers counts, such as ``60 * 5``."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult):
        left, right = literal(node.left), literal(node.right)
        if isinstance(left, int | float) and isinstance(right, int | float):
            return left * right
        return None
    try:
        return ast.literal_eval(node) if node is not None else None
    except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
        return None


def is_name(value: object) -> bool:
    """Return whether code can use ``value`` as the name of an argument."""
    return isinstance(value, str) and value.isidentifier() and not iskeyword(value)


def parameters(function: Function) -> list[str]:
    """Return the names of the parameters that can be given by position."""
    return [each.arg for each in (*function.args.posonlyargs, *function.args.args)]


def has_name(node: ast.AST, name: str) -> bool:
    """Return whether ``node`` is the plain name ``name``."""
    return isinstance(node, ast.Name) and node.id == name
