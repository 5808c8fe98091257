"""SQL stands in ``pgjobs/sql``, each statement and each lock number once."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

import pgjobs
from pgjobs.sql import load, locks

PACKAGE = Path(pgjobs.__file__).parent
FOLDER = PACKAGE / "sql"
STATEMENTS = sorted(str(path.relative_to(FOLDER).with_suffix("")) for path in FOLDER.rglob("*.sql"))
MODULES = sorted(PACKAGE.rglob("*.py"))

SQL = re.compile(
    r"\b(?:SELECT|INSERT INTO|UPDATE \w+\s+SET|DELETE FROM|LISTEN|NOTIFY|SET LOCAL|SET SESSION"
    r"|CREATE|ALTER|DROP|TRUNCATE|LOCK TABLE|WITH \w+ AS)\s"
)

ALLOWED = {
    # LISTEN takes no parameter, so the name of the channel is part of the text.
    ("worker/claiming/doorbell.py", "LISTEN "),
    ("execution/waiting.py", "SET idle_session_timeout = 0; LISTEN "),
    # A part of the statements that name a lock or a channel.
    ("sql/locks.py", "(SELECT "),
    # SET takes no parameter, and a limit has one name on some servers and two on others.
    ("execution/process_lock.py", "SET LOCAL idle_in_transaction_session_timeout = 0"),
    ("execution/process_lock.py", "SET LOCAL transaction_timeout = 0"),
    # The statements that repair an index are made of its name, and are shown to people.
    ("doctor/indexes.py", "DROP INDEX"),
    # A view or a function is dropped by its name.
    ("sql/schema.py", "DROP "),
    ("sql/schema.py", r"CREATE (FUNCTION|VIEW) (\w+(?:\(\))?)"),
    # The text of a view or function says CREATE, and is the same for an existing one but for this.
    ("sql/schema.py", "^CREATE (?=FUNCTION|VIEW)"),
    ("sql/schema.py", "CREATE OR REPLACE "),
}


@cache
def strings(module: Path) -> list[str]:
    """Return the string constants of ``module``, docstrings left out."""
    return list(_strings(module))


def _strings(module: Path) -> Iterator[str]:
    tree = ast.parse(module.read_text(encoding="utf-8"))
    documentation = {
        id(node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    for node in ast.walk(tree):
        match node:
            case ast.Constant(value=str(text)) if id(node) not in documentation:
                yield text


def test_sql_text_in_python_is_found_where_it_is_allowed_and_nowhere_else() -> None:
    found = {
        (str(module.relative_to(PACKAGE)), text)
        for module in MODULES
        if "migrations" not in module.parts  # they make the tables
        for text in strings(module)
        if SQL.search(text)
    }
    assert found == ALLOWED


@pytest.mark.parametrize("name", STATEMENTS)
def test_a_statement_is_loaded_by_the_package(name: str) -> None:
    assert any(name in strings(module) for module in MODULES)


@pytest.mark.parametrize("name", STATEMENTS)
def test_a_statement_takes_its_lock_numbers_from_python(name: str) -> None:
    text = (FOLDER / f"{name}.sql").read_text(encoding="utf-8")
    for number in (locks.WORKER_LOCK, locks.HERE_LOCK, locks.BLOCK_LOCK):
        assert str(number) not in text
    assert not re.search(r"\{[A-Z_]+\}", load(name))


def test_a_lock_number_is_filled_into_a_statement_and_an_empty_array_is_left_alone() -> None:
    filled = locks.fill("{WORKER_LOCK}, {HERE_LOCK}, '{}'")
    assert filled == f"{locks.WORKER_LOCK}, {locks.HERE_LOCK}, '{{}}'"


def test_a_loaded_statement_has_neither_comments_nor_a_semicolon() -> None:
    assert load("workers/probe") == "SELECT FROM pgjobs_worker LIMIT 0"
