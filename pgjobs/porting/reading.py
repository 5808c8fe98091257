"""Reads one Python file by the tables of a system: each node by the rules of its kind."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from pgjobs.porting.finding import Finding
from pgjobs.porting.imports import read_from, read_import
from pgjobs.porting.module import Module
from pgjobs.porting.project import Project
from pgjobs.porting.settings import read_setting
from pgjobs.porting.system import Reader, System
from pgjobs.porting.texts import read_text
from pgjobs.porting.uses import read_use


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
            yield from read_from(system, reader, node)
        case ast.Import():
            yield from read_import(system, reader, node)
        case ast.Name() | ast.Attribute():
            yield from read_use(system, reader, node)
        case ast.Assign() | ast.AnnAssign():
            yield from read_setting(system, reader, node)
        case ast.Constant(value=str()):
            yield from read_text(system, reader, node)
