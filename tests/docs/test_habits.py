"""The habits around a change: hooks, formats, the security policy, records of decisions."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from tests.support.environment import ROOT
from tests.support.markdown import DOCS, links

HOOKS: Final[Any] = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())
TEXTS: Final = sorted(
    path
    for folder in ("pgjobs", "tests", "docs", "benchmarks", "example_project", ".github")
    for path in (ROOT / folder).rglob("*")
    if path.suffix in {".py", ".sql", ".md", ".html", ".css", ".json", ".mjs"}
)

FORBIDDEN: Final = {
    *("eval", "exec", "compile", "__import__", "import_module"),
    *("pickle", "marshal", "shelve", "dill", "cloudpickle", "jsonpickle"),
}
"""Names that would turn a value into code, or into objects of its own choice."""


# Hooks ----------------------------------------------------------------------------------


def test_the_hooks_are_the_commands_of_make_check() -> None:
    makefile = (ROOT / "Makefile").read_text()
    recipe = makefile.partition("\ncheck:")[2].partition("\n\n")[0].splitlines()[1:]

    assert [hook["entry"] for hook in hooks()] == [
        line.strip().replace("$(BIN)", ".venv/bin") for line in recipe
    ]


def test_no_hook_is_downloaded() -> None:
    assert [repository["repo"] for repository in HOOKS["repos"]] == ["local"]
    assert {hook["language"] for hook in hooks()} == {"system"}


@pytest.mark.parametrize(
    ("source", "accepted"), [("ANSWER = 42\n", True), ("import os\nANSWER = 42\n", False)]
)
def test_a_commit_is_refused_if_ruff_complains(source: str, accepted: bool, tmp_path: Path) -> None:
    (tmp_path / ".venv").mkdir()
    (tmp_path / ".venv" / "bin").symlink_to(Path(sys.executable).parent)
    for name in (".pre-commit-config.yaml", "pyproject.toml"):
        (tmp_path / name).write_text((ROOT / name).read_text())
    (tmp_path / "answer.py").write_text(source)
    in_repository(tmp_path, "git", "init", "--quiet")
    in_repository(tmp_path, "git", "add", "answer.py", ".pre-commit-config.yaml")
    in_repository(tmp_path, sys.executable, "-m", "pre_commit", "install")

    committed = in_repository(tmp_path, "git", "commit", "--message", "Answer", check=False)

    assert (committed.returncode == 0) is accepted, committed.stdout + committed.stderr
    assert ("imported but unused" in committed.stdout + committed.stderr) is not accepted


# Formats --------------------------------------------------------------------------------


def test_every_text_is_as_the_editor_is_told_to_write_it() -> None:
    assert [path for path in TEXTS if not is_well_formed(path)] == []


# Security -------------------------------------------------------------------------------


def test_no_module_of_the_package_turns_values_into_code() -> None:
    modules = sorted((ROOT / "pgjobs").rglob("*.py"))
    used = {path: FORBIDDEN & set(names_in(path)) for path in modules}

    assert modules
    assert {path: names for path, names in used.items() if names} == {}


def test_the_security_policy_names_permissions_that_exist() -> None:
    from django.apps import apps

    named = set(re.findall(r"`(\w+_job)`", (ROOT / "SECURITY.md").read_text()))
    names = {f"{verb}_job" for verb in apps.get_model("pgjobs", "Job")._meta.default_permissions}

    assert named
    assert named <= names


# Pages ----------------------------------------------------------------------------------


def test_the_index_of_decisions_leads_to_every_decision() -> None:
    index = DOCS / "decisions" / "index.md"
    decisions = {page.name for page in index.parent.glob("*.md")} - {index.name}

    assert decisions
    assert decisions <= set(links(index))


@pytest.mark.parametrize(
    "page", sorted((DOCS / "decisions").glob("[!i]*.md")), ids=lambda page: page.name
)
def test_a_decision_states_the_context_the_reasons_and_the_price(page: Path) -> None:
    assert re.findall(r"^## (.+)$", page.read_text(), re.MULTILINE) == [
        "Context",
        "Decision",
        "Reasons",
        "Consequences",
        "Alternatives refused",
    ]


def hooks() -> list[Any]:
    return [hook for repository in HOOKS["repos"] for hook in repository["hooks"]]


def in_repository(
    directory: Path, *command: str, check: bool = True
) -> subprocess.CompletedProcess[str]:
    """Run ``command`` in ``directory``, with none of the settings that git has on this machine."""
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("GIT_")},
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_AUTHOR_NAME": "pgjobs",
        "GIT_AUTHOR_EMAIL": "pgjobs@example.invalid",
        "GIT_COMMITTER_NAME": "pgjobs",
        "GIT_COMMITTER_EMAIL": "pgjobs@example.invalid",
        "PRE_COMMIT_HOME": str(directory / ".cache"),
    }
    return subprocess.run(
        command, cwd=directory, env=environment, capture_output=True, text=True, check=check
    )


def names_in(path: Path) -> Iterator[str]:
    """Yield each imported module and each name that is called, without `re.compile()`."""
    for node in ast.walk(ast.parse(path.read_text())):
        match node:
            case ast.Import(names=names):
                yield from (name.name.partition(".")[0] for name in names)
            case ast.ImportFrom(module=str(module), names=names):
                yield from (module.partition(".")[0], *(name.name for name in names))
            case ast.Call(func=ast.Name(id=name)):
                yield name


def is_well_formed(path: Path) -> bool:
    text = path.read_bytes().decode()
    lines = text.split("\n")
    ends_well = not text or (text.endswith("\n") and not text.endswith("\n\n"))
    return ends_well and "\r" not in text and not any(line != line.rstrip() for line in lines)
