"""Schedules in the code of an old system, each as a rule above the function that it calls."""

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
"""Stands for arguments that can't be seen."""


@dataclass(frozen=True, slots=True)
class Arguments:
    """The arguments of a call, as code."""

    positional: tuple[str, ...] = ()
    """Arguments with stars are among them, and `UNSEEN`."""
    named: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        return ", ".join([*self.positional, *(f"{name}={value}" for name, value in self.named)])

    def by_name(self, parameters: tuple[str, ...]) -> list[str] | None:
        """Return them by their names; None if ``system_job()`` can't take them so."""
        if len(self.positional) > len(parameters):
            return None
        if any(each == UNSEEN or each.startswith("*") for each in self.positional):
            return None
        given = [*zip(parameters, self.positional, strict=False), *self.named]
        if any(name in OPTIONS for name, _ in given):
            return None
        return [f"{name}={value}" for name, value in given]


def arguments_of(module: Module, args: ast.expr | None, kwargs: ast.expr | None) -> Arguments:
    """Return the arguments that ``args=`` and ``kwargs=`` of a schedule hold."""
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
    """Return ``args`` and the named arguments of ``call``, but for those in ``without``."""
    stars = [f"**{module.text(each.value)}" for each in call.keywords if each.arg is None]
    given = keywords(call).items()
    named = ((name, module.text(value)) for name, value in given if name not in without)
    return Arguments((*map(module.text, args), *stars), tuple(named))


@dataclass(frozen=True, slots=True)
class ScheduledCall:
    """The call that a schedule makes."""

    function: str
    """As the schedule names it."""
    definition: Definition | None
    arguments: Arguments

    def __str__(self) -> str:
        return f"{self.function}({self.arguments})"

    @property
    def key(self) -> str:
        """What the schedules of one function have in common."""
        found = self.definition
        return self.function if found is None else f"{found.path}:{found.line}"

    def options(self) -> list[str] | None:
        """Return the arguments as ``system_job()`` takes them; None if it can't."""
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
    """Return the advice for a schedule at ``node``, which makes this ``call``.

    A function has one rule. So a second schedule of it needs a function of its own, and so does a
    call whose arguments have no names, or whose function ``@pgjobs.job`` can't mark.
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
