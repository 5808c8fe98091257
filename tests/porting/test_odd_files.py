"""`manage.py pgjobs port` with files and trees that are out of the ordinary."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., Any]

IMPORT = "from celery import shared_task\n"


def write(path: Path, content: str | bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def lines(ran: Any) -> list[int]:
    return [row["line"] for row in ran.json]


def test_a_missing_path_is_refused(tmp_path: Path, pgjobs: Run) -> None:
    ran = pgjobs("port", tmp_path / "no")

    assert ran.code == 2
    assert ran.errors == f"{tmp_path / 'no'} can't be read: No such file or directory."


def test_neither_a_path_nor_schedules_are_refused_and_so_are_both(pgjobs: Run) -> None:
    message = "Give either the PATH of a code base, or --schedules."

    assert pgjobs("port") == (2, "", message)
    assert pgjobs("port", ".", "--schedules") == (2, "", message)


def test_an_unknown_system_is_refused_with_the_known_ones(pgjobs: Run) -> None:
    ran = pgjobs("port", ".", "--system", "huey")

    assert ran.code
    assert "'celery'" in ran.errors


def test_an_empty_directory_has_nothing_to_change(tmp_path: Path, pgjobs: Run) -> None:
    assert pgjobs("port", tmp_path) == (0, "Nothing to change in 0 files.\n", "")


def test_one_file_is_read_alone(tmp_path: Path, pgjobs: Run) -> None:
    path = write(tmp_path / "tasks.py", IMPORT)
    write(tmp_path / "other.py", IMPORT)

    ran = pgjobs("port", path)

    assert ran.out.splitlines()[0] == f"{path}:1: from celery import shared_task → import pgjobs"
    assert ran.out.count("import pgjobs") == 1


def test_a_file_with_a_wrong_syntax_is_told_and_passed_over(tmp_path: Path, pgjobs: Run) -> None:
    path = write(tmp_path / "old.py", f"{IMPORT}print 'Python 2'\n")
    write(tmp_path / "tasks.py", IMPORT)

    ran = pgjobs("port", tmp_path)

    assert ran.errors.startswith(f"passed over: {path}: no Python 3.")
    assert "line 2" in ran.errors
    assert "tasks.py:1: " in ran.out
    assert ran.code == 1


def test_a_file_that_was_passed_over_is_something_to_look_at(tmp_path: Path, pgjobs: Run) -> None:
    write(tmp_path / "old.py", f"{IMPORT}print 'Python 2'\n")

    assert pgjobs("port", tmp_path).code == 1


def test_a_byte_order_mark_does_not_hide_the_first_line(tmp_path: Path, pgjobs: Run) -> None:
    write(tmp_path / "tasks.py", b"\xef\xbb\xbf" + IMPORT.encode())

    assert lines(pgjobs("port", "--json", tmp_path)) == [1]


def test_a_file_is_read_in_the_encoding_that_it_declares(tmp_path: Path, pgjobs: Run) -> None:
    text = f"# -*- coding: latin-1 -*-\nname = 'é'; {IMPORT}"
    write(tmp_path / "tasks.py", text.encode("latin-1"))

    (row,) = pgjobs("port", "--json", tmp_path).json

    assert (row["line"], row["column"]) == (2, 13)


def test_a_file_in_an_encoding_that_it_does_not_declare_is_told(
    tmp_path: Path, pgjobs: Run
) -> None:
    write(tmp_path / "tasks.py", f"name = 'é'\n{IMPORT}".encode("latin-1"))

    ran = pgjobs("port", tmp_path)

    assert "passed over" in ran.errors
    assert "encoding" in ran.errors


def test_requirements_are_read_by_their_byte_order_mark(tmp_path: Path, pgjobs: Run) -> None:
    for number, encoding in enumerate(("utf-8-sig", "utf-16")):
        write(tmp_path / f"requirements{number}.txt", "celery\r\n".encode(encoding))
    write(tmp_path / "pyproject.toml", b"\xef\xbb\xbf[project]\ndependencies = ['celery']\n")

    assert [row["old"] for row in pgjobs("port", "--json", tmp_path).json] == ["celery"] * 3


@pytest.mark.parametrize(
    "text",
    [
        "project = 5",
        "[project]\ndependencies = 5\noptional-dependencies = ['celery']",
        "[project]\ndependencies = [5, {a = 1}]\n[dependency-groups]\ndev = 'celery'",
        "[tool]\npoetry = 5\nuv = []",
        "[tool.poetry]\ndependencies = []\ngroup = {dev = 5}",
    ],
)
def test_a_table_of_another_kind_requires_nothing(text: str, tmp_path: Path, pgjobs: Run) -> None:
    assert pgjobs("port", write(tmp_path / "pyproject.toml", text)).code == 0


def test_groups_of_poetry_and_uv_are_read(tmp_path: Path, pgjobs: Run) -> None:
    text = (
        "[tool.poetry.dev-dependencies]\ncelery = '*'\n[tool.uv]\ndev-dependencies = ['flower']\n"
    )

    found = lines(pgjobs("port", "--json", write(tmp_path / "pyproject.toml", text)))

    assert found == [2, 4]


def test_a_file_that_is_no_toml_is_told(tmp_path: Path, pgjobs: Run) -> None:
    path = write(tmp_path / "pyproject.toml", "[project\ncelery")

    ran = pgjobs("port", tmp_path)

    assert ran.code == 1
    assert ran.errors.startswith(f"passed over: {path}: no TOML")


def test_a_binary_file_is_told(tmp_path: Path, pgjobs: Run) -> None:
    path = write(tmp_path / "tasks.py", IMPORT.encode() + b"\0\x01")

    assert pgjobs("port", tmp_path).errors == f"passed over: {path}: not a text\n"


def test_a_file_that_can_not_be_read_is_told(tmp_path: Path, pgjobs: Run) -> None:
    # The first page of a process is not mapped, so not even root can read it.
    (tmp_path / "tasks.py").symlink_to("/proc/self/mem")

    ran = pgjobs("port", tmp_path)

    assert ran.errors == f"passed over: {tmp_path / 'tasks.py'}: Input/output error\n"


def test_links_in_a_circle_and_broken_links_do_no_harm(tmp_path: Path, pgjobs: Run) -> None:
    write(tmp_path / "app/tasks.py", IMPORT)
    (tmp_path / "app/again").symlink_to(tmp_path, target_is_directory=True)
    (tmp_path / "app/gone.py").symlink_to(tmp_path / "nowhere.py")
    (tmp_path / "app/self.py").symlink_to(tmp_path / "app/self.py")

    ran = pgjobs("port", "--json", tmp_path)

    assert lines(ran) == [1]
    assert ran.errors == ""


def test_code_that_is_not_of_the_project_is_left_out(tmp_path: Path, pgjobs: Run) -> None:
    for place in (".git", ".venv/lib", "node_modules/x", "env/lib", "build", "x.egg-info"):
        write(tmp_path / place / "tasks.py", IMPORT)
    write(tmp_path / "env/pyvenv.cfg", "")
    write(tmp_path / "environment/tasks.py", IMPORT)

    ran = pgjobs("port", "--json", tmp_path)

    assert [row["path"] for row in ran.json] == [str(tmp_path / "environment/tasks.py")]


def test_a_long_file_is_read_to_its_end(tmp_path: Path, pgjobs: Run) -> None:
    function = "@shared_task\ndef task_{0}(a, b):\n    return task_{0}.delay(a)\n\n"
    write(tmp_path / "tasks.py", IMPORT + "".join(map(function.format, range(1_250))))

    found = lines(pgjobs("port", "--json", tmp_path))

    assert found == [1, *range(2, 5_002, 4)]


def test_deep_nesting_ends_the_file_and_not_the_command(tmp_path: Path, pgjobs: Run) -> None:
    write(tmp_path / "deep.py", f"{IMPORT}x = {'(' * 5_000}1{')' * 5_000}\n")
    write(tmp_path / "chained.py", f"{IMPORT}x = {'+'.join(['1'] * 20_000)}\n")
    write(tmp_path / "tasks.py", IMPORT)

    ran = pgjobs("port", tmp_path)

    assert "tasks.py:1: " in ran.out
    assert "deep.py: " in ran.errors


def test_imports_in_a_circle_end(tmp_path: Path, pgjobs: Run) -> None:
    write(tmp_path / "a.py", "from b import app\nimport celery\n@app.task\ndef f(): ...\n")
    write(tmp_path / "b.py", "from a import app\n")

    assert lines(pgjobs("port", "--json", tmp_path)) == [2]


def test_progress_is_told_for_many_files(tmp_path: Path, pgjobs: Run) -> None:
    for number in range(2_001):
        write(tmp_path / f"m{number}.py", "")

    ran = pgjobs("port", tmp_path)

    assert ran.errors == "1000 files read\n2000 files read\n"
    assert ran.out == "Nothing to change in 2001 files.\n"


def test_escapes_of_a_terminal_in_code_are_written_as_escapes(tmp_path: Path, pgjobs: Run) -> None:
    write(tmp_path / "settings.py", "CELERY_X = '\x1b[31m'\n")

    assert "CELERY_X = '\\x1b[31m' → remove it" in pgjobs("port", tmp_path).out


def test_schedules_need_an_app_that_keeps_them(pgjobs: Run) -> None:
    ran = pgjobs("port", "--schedules")

    assert ran.code == 2
    assert ran.errors == ("None of these apps is in INSTALLED_APPS: django_celery_beat, django_q.")


def test_a_system_is_refused_with_schedules(pgjobs: Run) -> None:
    assert pgjobs("port", "--schedules", "--system", "celery").code == 2
