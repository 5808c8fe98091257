"""Turns schedules in the code of an old system into rules above the functions that they call."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Final

from pgjobs.enqueueing.arguments import OPTIONS
from pgjobs.porting.finding import Finding, Level
from pgjobs.porting.module import Module, is_name, keywords, literal
from pgjobs.porting.project import Definition
from pgjobs.porting.rules import Rule
from pgjobs.porting.system import Reader

UNSEEN: Final = "…"
"""The text for arguments whose code is unknown."""


@dataclass(frozen=True, slots=True)
class Arguments:
    """The arguments of a call, as code."""

    positional: tuple[str, ...] = ()
    """Includes ``*args`` and ``**kwargs``, and `UNSEEN`."""
    named: tuple[tuple[str, str], ...] = ()
    """Pairs of a name and the code of its value."""

    def __str__(self) -> str:
        return ", ".join([*self.positional, *(f"{name}={value}" for name, value in self.named)])

    def by_name(self, parameters: tuple[str, ...]) -> list[str] | None:
        """Return all arguments as ``name=value``; None if ``system_job()`` can't take them.

        ``parameters`` are the names of the function's parameters, in their order.
        """
        if len(self.positional) > len(parameters):
            return None
        if any(each == UNSEEN or each.startswith("*") for each in self.positional):
            return None
        given = [*zip(parameters, self.positional, strict=False), *self.named]
        if any(name in OPTIONS for name, _ in given):
            return None
        return [f"{name}={value}" for name, value in given]


def arguments_of(module: Module, args: ast.expr | None, kwargs: ast.expr | None) -> Arguments:
    """Return the arguments in ``args`` and ``kwargs``, the options of a schedule."""
    positional: list[str] = []
    if isinstance(args, ast.Tuple | ast.List):
        positional += map(module.text, args.elts)
    elif args is not None:
        positional.append(f"*{module.text(args)}")
    if isinstance(kwargs, ast.Dict) and all(is_name(literal(key)) for key in kwargs.keys):
        pairs = zip(kwargs.keys, kwargs.values, strict=True)
        named = tuple((str(literal(key)), module.text(value)) for key, value in pairs)
        return Arguments(tuple(positional), named)
    if kwargs is not None:
        positional.append(f"**{module.text(kwargs)}")
    return Arguments(tuple(positional))


def arguments_of_call(
    module: Module, args: Iterable[ast.expr], call: ast.Call, without: Collection[str] = ()
) -> Arguments:
    """Return ``args`` and the named arguments of ``call``, except the names in ``without``."""
    stars = [f"**{module.text(each.value)}" for each in call.keywords if each.arg is None]
    given = keywords(call).items()
    named = ((name, module.text(value)) for name, value in given if name not in without)
    return Arguments((*map(module.text, args), *stars), tuple(named))


@dataclass(frozen=True, slots=True)
class ScheduledCall:
    """The call that a schedule makes."""

    function: str
    """The name of the function in the schedule."""
    definition: Definition | None
    """The definition of the function; None if the code base does not contain it."""
    arguments: Arguments

    def __str__(self) -> str:
        return f"{self.function}({self.arguments})"

    @property
    def key(self) -> str:
        """Identifies the function: two schedules of one function have the same key."""
        found = self.definition
        return self.function if found is None else f"{found.path}:{found.line}"

    def options(self) -> list[str] | None:
        """Return the arguments as ``name=value``; None if ``system_job()`` can't take them."""
        found = self.definition
        parameters = () if found is None else (found.parameters or ())[found.is_bound :]
        return self.arguments.by_name(parameters)


def rule_above(
    reader: Reader,
    node: ast.AST,
    rule: Rule,
    call: ScheduledCall,
    *,
    options: Iterable[str] = (),
    notes: Iterable[str] = (),
    old: str = "",
    is_markable: bool = True,
) -> Finding:
    """Return the advice for a schedule at ``node`` that makes this ``call``.

    A function can have one rule. The advice asks for a new function if the function has a rule
    already, if an argument has no name, or if ``is_markable`` is False, because ``@pgjobs.job``
    can't stand above the function.
    """
    is_first = is_markable and call.key not in reader.project.with_rule
    arguments = call.options() if is_first else None
    where = f"a new function that calls {call}"
    if arguments is not None:
        reader.project.with_rule.add(call.key)
        where = f"{call.function}()"
    given = ", ".join([rule.arguments or UNSEEN, *options, *(arguments or ())])
    said = [*rule.notes, *notes]
    if not rule.arguments and not said:
        said = ["The schedule can't be seen here."]
    return reader.finding(
        node,
        f"@pgjobs.system_job({given}) above @pgjobs.job of {where}",
        old=old,
        why=" ".join(said),
        level=Level.LOOK if said else Level.CHANGE,
    )
