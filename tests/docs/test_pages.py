"""The pages agree with the code."""

from __future__ import annotations

import ast
import logging
import re
import subprocess
import sys
import tomllib
from dataclasses import MISSING, fields
from functools import cache
from importlib import import_module
from itertools import product
from pathlib import Path
from types import UnionType
from typing import Any, get_args, get_type_hints

import pytest

from pgjobs import conf
from pgjobs.choices import FINISHED, WAITING, JobStatus
from pgjobs.log_lines.wording import LINES
from pgjobs.registry.meta import JobOptions
from tests.support.environment import ROOT
from tests.support.markdown import (
    DOCS,
    PAGES,
    README,
    anchors,
    block_after,
    blocks,
    inline_code,
    links,
    table,
)
from tests.support.pgbouncer import DOCUMENTED

ARCHITECTURE = DOCS / "architecture.md"
CONCEPTS = DOCS / "concepts.md"
PACKAGE = ROOT / "pgjobs"

LOG_LINE = r"^(?:[\d:, -]+ )?(INFO|WARNING|ERROR|CRITICAL) (pgjobs\.\w+) (.*)$"
LOGGERS = {line.logger.name for line in LINES.values()}
COMMAND = r"\b(pgjobs_worker|pgjobs_pause|pgjobs_resume|pgjobs_cancel|demo)\b([^\n&|`]*)"

every_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)


@every_page
def test_a_fence_that_opens_a_block_of_code_is_closed_before_the_next_one_opens(page: Path) -> None:
    fences = re.findall(r"^```.*$", page.read_text(), re.MULTILINE)

    assert all(fence == "```" for fence in fences[1::2])
    assert len(fences) % 2 == 0


# The README -------------------------------------------------------------------------


def test_the_readme_fits_on_a_page() -> None:
    assert len(README.read_text().splitlines()) <= 120


@pytest.mark.parametrize("marker", ["demo-command", "test-command"])
def test_the_readme_has_one_command_for_the_demo_and_one_for_the_tests(marker: str) -> None:
    assert len(block_after(README, marker).splitlines()) == 1


def test_the_readmes_example_has_at_most_twelve_lines_of_code() -> None:
    lines = "".join(block.text for block in blocks(README, "python")).splitlines()

    assert 0 < sum(bool(line) and not line.startswith("#") for line in lines) <= 12


# Code, commands, names, links -----------------------------------------------------------


@every_page
def test_every_python_block_compiles(page: Path) -> None:
    for block in blocks(page, "python"):
        compile(block.text, str(page), "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)


@every_page
def test_every_command_exists_with_its_options(page: Path) -> None:
    code = [*inline_code(page), *(block.text for block in blocks(page, "sh", "ini", "yaml"))]
    for name, arguments in re.findall(COMMAND, "\n".join(code)):
        for option in re.findall(r"(?<=\s)--?[a-z][\w-]*", arguments):
            assert option in options_of(name), f"{page.name}: {name} has no {option}"


@every_page
def test_every_target_of_make_exists(page: Path) -> None:
    makefile = (ROOT / "Makefile").read_text()
    for code in inline_code(page):
        if match := re.search(r"\bmake ([a-z]+)", code):
            assert f"\n{match[1]}:" in makefile


@every_page
def test_every_dotted_name_of_pgjobs_exists(page: Path) -> None:
    for code in inline_code(page):
        is_check = re.fullmatch(r"pgjobs\.[EW]\d{3}", code)
        if re.fullmatch(r"pgjobs(\.[A-Za-z]\w*)+", code) and not is_check:
            assert code in LOGGERS or find(code) is not None


@every_page
def test_every_link_leads_somewhere(page: Path) -> None:
    for target in links(page):
        path, _, fragment = target.partition("#")
        other = (page.parent / path) if path else page
        assert other.exists(), f"{page.name}: {target}"
        assert not fragment or fragment in anchors(other), f"{page.name}: {target}"


def test_the_index_leads_to_every_page() -> None:
    pages = {page.name for page in DOCS.glob("*.md")} - {"index.md"}

    assert pages <= set(links(DOCS / "index.md"))


# Log lines --------------------------------------------------------------------------------


def test_every_log_line_that_is_shown_is_one_of_the_engine() -> None:
    shown = [
        match.groups()
        for page in PAGES
        for match in re.finditer(LOG_LINE, page.read_text(), re.MULTILINE)
    ]

    assert shown
    for level, logger, message in shown:
        assert any(
            re.fullmatch(pattern_of(line.text), message)
            for line in LINES.values()
            if (logging.getLevelName(line.level), line.logger.name) == (level, logger)
        ), message


def test_the_table_of_loggers_is_that_of_the_engine() -> None:
    told = {name.strip("`") for name, _ in table(DOCS / "worker.md", "Logger")}

    assert told - {"pgjobs.jobs.<Class>"} == LOGGERS


# Tables -----------------------------------------------------------------------------------


def test_the_table_of_settings_equals_the_settings_of_the_code() -> None:
    told = {
        name.strip("`"): (kind, ast.literal_eval(default.strip("`")))
        for name, kind, default, _ in table(DOCS / "settings.md", "Setting")
    }

    types = get_type_hints(conf.Settings)
    assert told == {
        field.name: (in_words(types[field.name]), default_of(field))
        for field in fields(conf.Settings)
    }


def in_words(kind: Any) -> str:
    """Return how a table names a type: ``int | None`` is "int or None"."""
    if isinstance(kind, UnionType):
        return " or ".join(in_words(each) for each in get_args(kind))
    name = str(kind.__name__).removesuffix("Type")
    return name.replace("Mapping", "dict").replace("Sequence", "list")


def test_the_table_of_meta_equals_the_options_of_the_code() -> None:
    told = {name.strip("`"): default.strip("`") for name, default, _ in table(JOBS_PAGE, "Option")}
    in_words = {"name": "the class's name", "backoff": "exponential()", "retry_on": "Exception"}

    assert told == {
        field.name: in_words.get(field.name, repr(field.default).replace("'", '"'))
        for field in fields(JobOptions)
    }


def test_the_table_of_the_workers_options_equals_its_help() -> None:
    cells = "".join(row[0] for row in table(DOCS / "worker.md", "Option"))

    assert set(re.findall(r"(?<!\w)--?[a-z][\w-]*", cells)) == options_of("pgjobs_worker")


def test_the_table_of_statuses_equals_the_statuses_of_the_code() -> None:
    assert [name for name, _ in table(CONCEPTS, "Status")] == JobStatus.values


Transitions = set[tuple[str | None, str | None]]
"""Pairs of from and to; None is before the first status or after the last."""

BORN: Transitions = {(None, status) for status in (*WAITING, JobStatus.RUNNING)}
STARTED: Transitions = {(status, JobStatus.RUNNING) for status in WAITING}
PROMOTED: Transitions = {(JobStatus.SCHEDULED, JobStatus.PENDING)}
ENDED: Transitions = set(product([JobStatus.RUNNING], FINISHED))
GIVEN_BACK: Transitions = set(product([JobStatus.RUNNING], WAITING))
CANCELLED: Transitions = set(product(WAITING, [JobStatus.CANCELLED]))
RETRIED: Transitions = set(product(FINISHED, [JobStatus.PENDING]))
UNCLAIMABLE: Transitions = set(product(WAITING, [JobStatus.ERRORED]))
GONE: Transitions = {(status, None) for status in (*WAITING, *FINISHED)}
TRANSITIONS = (
    BORN | STARTED | PROMOTED | ENDED | GIVEN_BACK | CANCELLED | RETRIED | UNCLAIMABLE | GONE
)


def test_the_state_diagram_shows_exactly_the_transitions_of_the_code() -> None:
    (diagram,) = blocks(CONCEPTS, "mermaid")
    edges = re.findall(r"^ +(\S+) --> (\S+): .+$", diagram.text, re.MULTILINE)

    assert {(status(start), status(end)) for start, end in edges} == TRANSITIONS
    assert len(edges) == len(TRANSITIONS)


def test_the_table_of_transitions_shows_exactly_the_transitions_of_the_code() -> None:
    told: Transitions = set()
    for start, end, by_whom, guard in table(CONCEPTS, "From"):
        assert by_whom
        assert guard
        told |= set(product(map(status, start.split(", ")), map(status, end.split(", "))))

    assert told == TRANSITIONS


def test_the_documented_settings_of_pgbouncer_equal_those_of_the_tests() -> None:
    wanted = block_after(DOCS / "pgbouncer.md", "pgbouncer").splitlines()

    assert wanted == ["[pgbouncer]", *(f"{name} = {value}" for name, value in DOCUMENTED.items())]


# Architecture -------------------------------------------------------------------------------


def test_the_layout_shows_every_module() -> None:
    layout = block_between(ARCHITECTURE, "pgjobs/\n├──")
    shown = set(re.findall(r"(?<![\w/])(\w+)(?:\.py|/)(?=[ \n])", layout)) - {"pgjobs"}

    assert shown == modules(PACKAGE) | modules(PACKAGE / "worker")


def test_the_layers_on_the_page_equal_the_layers_of_the_contract() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    contract = project["tool"]["importlinter"]["contracts"][0]["layers"]
    exist = modules(PACKAGE)
    held = [set(re.findall(r"\w+", layer)) & exist for layer in contract]

    told = [set(line.split(" | ")) for line in block_after(ARCHITECTURE, "layers").splitlines()]

    assert told == held


# Helpers -------------------------------------------------------------------------------------

JOBS_PAGE = DOCS / "jobs.md"


def block_between(page: Path, beginning: str) -> str:
    (block,) = [block.text for block in blocks(page) if block.text.startswith(beginning)]
    return block


def modules(directory: Path) -> set[str]:
    """Modules, packages and folders of resources."""
    entries = [entry for entry in directory.iterdir() if entry.suffix in ("", ".py")]
    return {entry.stem for entry in entries if entry.name != "__pycache__"} - (
        {"__init__"} if directory != PACKAGE else set()
    )


def status(name: str) -> str | None:
    return None if name in ("[*]", "—") else JobStatus(name)


def pattern_of(text: str) -> str:
    """Return a regular expression for what the placeholders of ``text`` may become."""
    return re.sub(r"%(?:s|r|\\\.\df)", ".+", re.escape(text))


def default_of(field: Any) -> Any:
    return field.default if field.default is not MISSING else field.default_factory()


def find(path: str) -> Any:
    """Return the module or the name inside a module at a dotted path."""
    try:
        return import_module(path)
    except ModuleNotFoundError:
        parent, _, name = path.rpartition(".")
        return getattr(find(parent), name)


@cache
def options_of(command: str) -> set[str]:
    """Return the options that ``manage.py <command> --help`` shows, without Django's own."""
    help_text = subprocess.run(
        [sys.executable, str(ROOT / "example_project" / "manage.py"), command, "--help"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    _, _, listed = help_text.partition("\noptions:\n")
    own, _, _ = listed.partition("  --version")
    return set(re.findall(r"(?:^  |, )(--?[a-z][\w-]*)", own, re.MULTILINE)) - {"-h", "--help"}
