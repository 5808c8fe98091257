"""What the files of a code base define, so that an import of another file can be followed."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from pgjobs.porting.finding import PassedOver
from pgjobs.porting.module import Function, Module, parameters
from pgjobs.porting.sources import Source

_VERSION: Final = f"{sys.version_info.major}.{sys.version_info.minor}"

_LONGEST_WAY: Final = 10
"""Imports to follow from a name to its definition; circles end here."""


@dataclass(frozen=True, slots=True)
class Definition:
    """A function, a class or a value at the top of a file."""

    path: str
    line: int
    name: str
    decorators: tuple[str, ...] = ()
    """The dotted names of its decorators, without their arguments."""
    bases: tuple[str, ...] = ()
    """The dotted names of the base classes of a class, or of what a value is made by."""
    parameters: tuple[str, ...] | None = None
    """None if it is no function."""
    is_bound: bool = False
    """Whether a decorator has ``bind=True``."""


class Project:
    """All files of a code base. A file is parsed when something asks for it."""

    def __init__(self, sources: Iterable[Source]) -> None:
        self.sources = {each.path: each for each in sources}
        self.passed_over: list[PassedOver] = []
        self.with_rule: set[str] = set()
        """The functions for which a schedule has given the advice to let the clock run them."""
        self._by_name = {each.name: each for each in self.sources.values() if each.is_python}
        self._parsed: dict[str, Module | None] = {}
        self._definitions: dict[str, Definition] = {}
        self._modules: dict[str, set[str]] = {}
        for whole in self._by_name:
            # An import of `shop.tasks` may mean the file `site/src/shop/tasks.py`.
            parts = whole.split(".")
            for start in range(len(parts)):
                self._modules.setdefault(".".join(parts[start:]), set()).add(whole)

    def module(self, source: Source) -> Module | None:
        """Return a parsed file; None if it can't be parsed, which `passed_over` then tells."""
        if source.name not in self._parsed:
            self._parsed[source.name] = parsed = self._parse(source)
            if parsed is not None:
                for node in parsed.tree.body:
                    if (definition := _definition(node, parsed)) is not None:
                        self._definitions[f"{source.name}.{definition.name}"] = definition
        return self._parsed[source.name]

    def _parse(self, source: Source) -> Module | None:
        try:
            return Module(source)
        except SyntaxError as error:
            why = f"line {error.lineno}: {error.msg}" if error.lineno else error.msg
        except (ValueError, RecursionError, MemoryError) as error:
            why = str(error)
        self.passed_over.append(PassedOver(source.path, f"no Python {_VERSION}: {why}"))
        return None

    def imports(self, package: str) -> bool:
        """Return whether a file imports ``package``."""
        pattern = re.compile(rf"^\s*(?:from|import) {re.escape(package)}\b", re.MULTILINE)
        return any(pattern.search(each.text) for each in self._by_name.values())

    def has_top_module(self, dotted: str) -> bool:
        """Return whether the directory that was given has this module."""
        return any(whole.partition(".")[2] == dotted for whole in self._modules.get(dotted, ()))

    def find(self, names: tuple[str, ...]) -> Definition | None:
        """Return the definition that one of ``names`` leads to, through imports."""
        for _ in range(_LONGEST_WAY):
            ways: list[str] = []
            for name in names:
                for module, last in self._places(name):
                    found = self._definitions.get(f"{module.source.name}.{last}")
                    if found is not None:
                        return found
                    ways += module.bindings.get(last, ())
            names = tuple(dict.fromkeys(way for way in ways if way not in names))
        return None

    def is_made_by(self, names: tuple[str, ...], maker: str) -> bool:
        """Return whether one of ``names`` is a value that calls ``maker``, or a class below it."""
        for _ in range(_LONGEST_WAY):
            found = self.find(names)
            names = found.bases if found is not None else ()
            if maker in names:
                return True
        return False

    def _places(self, name: str) -> Iterator[tuple[Module, str]]:
        """Yield the files in which ``name`` may be, and its last part."""
        package, _, last = name.rpartition(".")
        for whole in sorted(self._modules.get(package, ())):
            if (module := self.module(self._by_name[whole])) is not None:
                yield module, last


def _definition(node: ast.AST, module: Module) -> Definition | None:
    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef():
            return _function(node, module)
        case ast.ClassDef():
            return Definition(
                module.source.path,
                node.lineno,
                node.name,
                bases=tuple(name for base in node.bases for name in module.dotted(base)),
            )
        case ast.Assign(targets=[ast.Name(id=name)], value=ast.Call(func=maker)):
            return Definition(module.source.path, node.lineno, name, bases=module.dotted(maker))
    return None


def _function(node: Function, module: Module) -> Definition:
    calls = [each if isinstance(each, ast.Call) else None for each in node.decorator_list]
    return Definition(
        module.source.path,
        node.lineno,
        node.name,
        decorators=tuple(name for each in node.decorator_list for name in decorator(each, module)),
        parameters=tuple(parameters(node)),
        is_bound=any(_binds(call) for call in calls if call is not None),
    )


def decorator(node: ast.expr, module: Module) -> tuple[str, ...]:
    """Return the dotted names of a decorator, without its arguments."""
    return module.dotted(node.func if isinstance(node, ast.Call) else node)


def _binds(call: ast.Call) -> bool:
    return any(
        each.arg == "bind" and isinstance(each.value, ast.Constant) and each.value.value is True
        for each in call.keywords
    )
