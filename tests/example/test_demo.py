"""`manage.py demo`, run for real and compared with the files on the disk."""

from __future__ import annotations

import hashlib
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.test import override_settings
from rich.console import Console

from example_project.demo.children import Child
from example_project.demo.screen import Screen
from tests.support.demo_process import Demo
from tests.support.fresh_database import fresh_database

FILES = {
    "README": b"Not Python.\n",
    "empty.py": b"",
    "shapes.py": b"class Square:\n    def area(self): ...\n    async def draw(self): ...\n",
    "deep/er/one.py": b"def only(): return lambda: 1",
    "deep/data.bin": bytes(range(256)) * 300,
    "deep/with space é.txt": b"x",
    "broken.py": b"def (:\n",
}
SKIPPED = {"__pycache__/shapes.pyc": b"bytecode", ".hidden": b"x", ".git/config.py": b"x = 1\n"}
COUNTED = {
    "empty.py": (0, 0, 0),
    "shapes.py": (1, 2, 3),
    "deep/er/one.py": (0, 1, 1),
}


@dataclass(frozen=True)
class Run:
    """A finished run of the demo, and the tables after it."""

    process: subprocess.CompletedProcess[str]
    files: dict[str, dict[str, Any]]
    python: dict[str, tuple[int, int, int]]
    jobs: list[dict[str, Any]]

    @classmethod
    def of(cls, demo: Demo, source: Path) -> Run:
        process = demo.run("demo", "--path", source)
        files = demo.ask("SELECT * FROM inventory_datafile")
        python = demo.ask(
            "SELECT path, classes, functions, lines FROM myplugin_pythonfile"
            " JOIN inventory_datafile ON file_id = id"
        )
        return cls(
            process,
            {row["path"]: row for row in files},
            {row["path"]: (row["classes"], row["functions"], row["lines"]) for row in python},
            demo.ask("SELECT * FROM pgjobs_job ORDER BY id"),
        )

    def jobs_named(self, name: str) -> list[dict[str, Any]]:
        return [job for job in self.jobs if job["name"] == name]


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("source")
    for name, content in (FILES | SKIPPED).items():
        write(root / name, content)
    (root / "link.py").symlink_to(root / "shapes.py")
    return root


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    with fresh_database() as url:
        yield Demo(directory=tmp_path_factory.mktemp("demo"), url=url)


@pytest.fixture(scope="module")
def first(demo: Demo, source: Path) -> Run:
    return Run.of(demo, source)


@pytest.fixture(scope="module")
def second(demo: Demo, source: Path, first: Run) -> Run:
    """The second run, after a file changed, a file was added and a file was removed."""
    write(source / "shapes.py", b"class Circle: ...\n")
    write(source / "new.py", b"\n\n")
    (source / "deep/data.bin").unlink()
    (source / "deep/er/one.py").unlink()
    return Run.of(demo, source)


def write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def test_the_demo_succeeds_and_writes_nothing_to_standard_error(first: Run) -> None:
    assert (first.process.returncode, first.process.stderr) == (0, "")


def test_each_file_has_a_row_with_its_size_and_hash(first: Run) -> None:
    found = {path: (row["size"], row["sha256"]) for path, row in first.files.items()}
    assert found == {
        path: (len(content), hashlib.sha256(content).hexdigest()) for path, content in FILES.items()
    }


def test_each_python_file_is_counted_by_a_job_of_the_plugin(first: Run) -> None:
    assert first.python == COUNTED
    analyses = first.jobs_named("Analyse Python file")
    assert {job["queue_name"] for job in analyses} == {"myplugin.foo"}
    assert len(analyses) == len(COUNTED) + 1


def test_a_file_that_is_not_python_fails_its_job_and_not_the_demo(first: Run) -> None:
    (failed,) = [job for job in first.jobs if job["status"] != "completed"]
    assert (failed["status"], failed["data"]) == ("failed", {"path": "broken.py"})
    assert failed["error"].startswith("Not valid Python")
    assert failed["error"] in first.process.stdout


def test_the_system_job_runs_once_and_keeps_its_findings(first: Run) -> None:
    (housekeeping,) = first.jobs_named("Housekeeping")
    assert housekeeping["data"].keys() == {"sources", "files", "jobs", "pruned"}


def test_the_plain_task_counts_the_kinds_of_files(first: Run, demo: Demo, second: Run) -> None:
    kinds = demo.ask("SELECT suffix, files, size FROM myplugin_filetype ORDER BY suffix")
    assert [(kind["suffix"], kind["files"]) for kind in kinds] == [("", 1), (".py", 4), (".txt", 1)]


def test_the_sync_job_reports_its_progress_and_keeps_a_log(first: Run, demo: Demo) -> None:
    (sync,) = first.jobs_named("Sync data source")
    assert sync["progress"]["done"] == sync["progress"]["total"] == len(FILES)
    lines = demo.ask("SELECT message FROM pgjobs_log WHERE job_id = %s ORDER BY id", sync["id"])
    assert lines[-1]["message"] == f"{len(FILES)} added, 0 updated, 0 removed"


def test_the_summary_agrees_with_the_tables(first: Run) -> None:
    summary = first.process.stdout
    assert f"{len(FILES)} files, " in summary
    assert f"{len(FILES)} added, 0 updated, 0 removed" in summary
    assert "3 Python files: 1 classes, 3 functions, 4 lines" in summary
    assert f"{len(first.jobs)} in " in summary


def test_the_summary_shows_sql_that_runs_and_agrees(first: Run, demo: Demo) -> None:
    _, _, shown = first.process.stdout.partition("The same in SQL")
    query = shown[shown.index("SELECT name, status") :].partition(";")[0]
    answer = {(row["name"], row["status"]): row["jobs"] for row in demo.ask(query)}
    assert answer["Analyse Python file", "completed"] >= len(COUNTED)
    assert answer["Analyse Python file", "failed"] == 1


def test_the_output_to_a_pipe_is_plain_text(first: Run) -> None:
    assert "\x1b" not in first.process.stdout
    assert "Sync data source" in first.process.stdout


def test_a_second_run_changes_only_the_rows_of_changed_files(first: Run, second: Run) -> None:
    assert second.process.returncode == 0
    untouched = FILES.keys() & second.files.keys() - {"shapes.py"}
    assert len(untouched) == 4
    assert {path: second.files[path] for path in untouched} == {
        path: first.files[path] for path in untouched
    }
    assert second.files["shapes.py"]["id"] == first.files["shapes.py"]["id"]
    assert second.files["shapes.py"]["updated"] > first.files["shapes.py"]["updated"]


def test_a_second_run_analyses_only_the_changed_files(first: Run, second: Run) -> None:
    known = {job["id"] for job in first.jobs}
    analysed = [job for job in second.jobs_named("Analyse Python file") if job["id"] not in known]
    assert {job["data"]["path"] for job in analysed} == {"shapes.py", "new.py"}
    assert second.python == {"empty.py": (0, 0, 0), "shapes.py": (1, 0, 1), "new.py": (0, 0, 2)}


def test_a_removed_file_is_deleted_with_its_row_and_its_jobs(first: Run, second: Run) -> None:
    assert second.files.keys() == FILES.keys() - {"deep/data.bin", "deep/er/one.py"} | {"new.py"}
    gone = str(first.files["deep/er/one.py"]["id"])
    assert gone in {job["object_id"] for job in first.jobs_named("Analyse Python file")}
    assert gone not in {job["object_id"] for job in second.jobs_named("Analyse Python file")}


def test_an_errored_job_makes_the_demo_fail_and_is_named(
    first: Run, second: Run, demo: Demo, source: Path
) -> None:
    demo.ask(
        "INSERT INTO pgjobs_job (job_class, name, queue_name) VALUES ('gone.Job', 'Gone', 'low')"
    )
    process = demo.run("demo", "--path", source)
    assert process.returncode == 1
    assert "1 of the jobs errored" in process.stderr
    assert "'gone.Job' is not registered" in process.stderr


def test_a_path_that_is_no_directory_is_refused(demo: Demo, tmp_path: Path) -> None:
    process = demo.run("demo", "--path", tmp_path / "nowhere")
    assert (process.returncode, process.stdout) == (1, "")
    assert "nowhere is not a directory" in process.stderr


def test_a_database_that_does_not_answer_makes_the_demo_fail_and_say_so(tmp_path: Path) -> None:
    process = Demo(directory=tmp_path, url=f"postgresql://%2F{tmp_path.name}/x").run("demo")
    assert process.returncode == 1
    assert "The database does not answer" in process.stderr


def test_the_demo_without_a_database_starts_its_own_and_keeps_it(
    source: Path, tmp_path: Path
) -> None:
    demo = Demo(directory=tmp_path / "a place with spaces")
    assert demo.run("demo", "--path", source).returncode == 0
    again = demo.run("demo", "--path", source)
    assert again.returncode == 0
    assert " 0 added, 0 updated, 0 removed" in again.stdout


def test_the_models_of_the_example_lack_no_migration(demo: Demo, first: Run) -> None:
    process = demo.run("makemigrations", "--check", "--dry-run")
    assert process.returncode == 0, process.stdout


def test_a_name_of_a_job_cannot_steer_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    output = StringIO()
    terminal = Console(file=output, force_terminal=True, width=200)
    monkeypatch.setattr("example_project.demo.screen.Console", lambda **_: terminal)
    name = "[red]a\x1b[2J\nb"
    with Screen().bars() as bars:
        bars.show([SimpleNamespace(name=name, done=1, total=2)])

    assert "[red]a\ufffd[2J\ufffdb" in output.getvalue()
    assert "\x1b[2J" not in output.getvalue()


def test_the_log_of_a_child_that_ended_cannot_steer_the_terminal(tmp_path: Path) -> None:
    with override_settings(DEMO_DIR=tmp_path):
        child = Child("web", "--version")
    child.end()
    child.log.write_text("one\na\x1b[2Jb\n")

    assert str(child.unexpected_end()).endswith("are:\none\na\ufffd[2Jb")


def test_a_file_name_cannot_steer_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    Screen().facts(file="a\x1b[2J\nb\udcff.å")

    assert capsys.readouterr().out == "  file    a\ufffd[2J\ufffdb\ufffd.å\n"
