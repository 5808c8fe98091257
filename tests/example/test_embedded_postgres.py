"""The launcher of `example_project/postgres.py`, with real servers and real kills."""

from __future__ import annotations

import importlib.util
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal

import pytest

from example_project.database import database_config
from example_project.postgres import (
    EmbeddedPostgres,
    EmbeddedPostgresError,
    binaries,
    running_url,
)
from tests.support.environment import ROOT
from tests.support.eventually import eventually
from tests.support.processes import is_alive
from tests.support.sql import ask_for_one

# The launcher starts its server in a thread that ends, and forks twice. The first fork exits as
# Python does. The second fork holds every open file of the launcher for as long as the test lets
# it.
LAUNCHER = """
import os, sys, threading
from pathlib import Path
from example_project.postgres import EmbeddedPostgres

server = EmbeddedPostgres(Path(sys.argv[1]) if len(sys.argv) > 1 else None)
starter = threading.Thread(target=server.start)
starter.start()
starter.join()
if os.fork() == 0:
    sys.exit()
os.wait()
if os.fork() != 0:
    print(server.data, server.socket_dir, sep="\\n", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def temporary(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder of temporary directories in this test, which must be empty afterwards."""
    # Not `tmp_path`: with a socket's name at its end, its path may be longer than a socket's path
    # can be.
    with tempfile.TemporaryDirectory() as directory:
        monkeypatch.setenv("TMPDIR", directory)
        monkeypatch.setattr(tempfile, "tempdir", directory)
        yield Path(directory)


@pytest.fixture
def launcher(temporary: Path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    started: list[subprocess.Popen[str]] = []

    def launch(*arguments: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-c", LAUNCHER, *arguments],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    yield launch
    for process in started:
        process.kill()
        process.communicate()


def test_a_server_without_a_directory_leaves_nothing_behind(temporary: Path) -> None:
    with EmbeddedPostgres() as server:
        pid = server.pid
        assert ask_for_one(server.url, "SELECT 1") == 1
        assert server.data.parent == temporary
    assert not is_alive(pid)
    assert list(temporary.iterdir()) == []
    with pytest.raises(EmbeddedPostgresError, match="not running"):
        _ = server.pid


@pytest.mark.parametrize("name", ["plain", "with space", 'quote", comma', "long" * 30])
def test_a_server_in_any_directory_starts_and_keeps_its_data(
    name: str, tmp_path: Path, temporary: Path
) -> None:
    server = EmbeddedPostgres(tmp_path / name / "data")
    with server:
        ask_for_one(server.url, "CREATE TABLE kept AS SELECT 42 AS answer")
    assert not (server.data / ".s.PGSQL.5432").exists()
    assert list(temporary.iterdir()) == []
    with server:
        assert ask_for_one(server.url, "SELECT answer FROM kept") == 42
    assert list(temporary.iterdir()) == []


def test_a_server_in_a_directory_that_others_can_enter_has_its_socket_in_another(
    tmp_path: Path, temporary: Path
) -> None:
    tmp_path.chmod(0o755)
    with EmbeddedPostgres(tmp_path) as server:
        assert server.socket_dir.parent == temporary
        assert server.socket_dir.stat().st_mode & 0o777 == 0o700
        assert running_url(tmp_path) == server.url


@pytest.mark.parametrize("mode", ["fast", "immediate"])
def test_a_restarted_server_keeps_its_address_and_its_data(
    mode: Literal["fast", "immediate"],
) -> None:
    with EmbeddedPostgres(settings={"synchronous_commit": "on"}) as server:
        url, pid = server.url, server.pid
        ask_for_one(url, "CREATE TABLE kept AS SELECT 42 AS answer")
        server.restart(mode)
        assert server.url == url
        assert server.pid != pid
        assert not is_alive(pid)
        assert ask_for_one(url, "SELECT answer FROM kept") == 42


def test_a_crashed_server_can_be_restarted_and_stopped(temporary: Path) -> None:
    with EmbeddedPostgres() as server:
        pid = server.pid
        os.kill(pid, signal.SIGKILL)
        eventually(lambda: not is_alive(pid))
        server.restart()
        assert ask_for_one(server.url, "SELECT 1") == 1
        os.kill(server.pid, signal.SIGKILL)
    assert list(temporary.iterdir()) == []


def test_settings_reach_the_server() -> None:
    with EmbeddedPostgres(settings={"fsync": "on"}) as server:
        assert ask_for_one(server.url, "SHOW fsync") == "on"
        assert ask_for_one(server.url, "SHOW synchronous_commit") == "off"
        assert ask_for_one(server.url, "SHOW max_connections") == "200"
        assert ask_for_one(server.url, "SHOW listen_addresses") == ""


def test_the_directory_tells_where_its_server_listens(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    assert running_url(tmp_path) is None
    assert database_config(tmp_path)["HOST"] == str(tmp_path)
    with EmbeddedPostgres(tmp_path / ("long" * 30)) as server:
        assert running_url(server.data) == server.url
        assert database_config(server.data)["HOST"] == str(server.socket_dir)
        monkeypatch.setenv("DATABASE_URL", "postgresql://db.example:6432/app")
        assert database_config(server.data)["HOST"] == "db.example"


def test_a_server_whose_launcher_is_killed_ends_and_leaves_nothing_behind(
    launcher: Callable[..., subprocess.Popen[str]], temporary: Path
) -> None:
    process = launcher()
    assert process.stdout is not None
    data = Path(process.stdout.readline().strip())
    url = running_url(data)
    assert url is not None
    assert ask_for_one(url, "SELECT 1") == 1
    pid = int((data / "cluster" / "postmaster.pid").read_text().split()[0])
    process.kill()
    eventually(lambda: not is_alive(pid))
    eventually(lambda: not list(temporary.iterdir()))


def test_a_directory_whose_launcher_was_killed_can_be_used_again(
    launcher: Callable[..., subprocess.Popen[str]], tmp_path: Path, temporary: Path
) -> None:
    data = tmp_path / ("long" * 30)
    process = launcher(str(data))
    assert process.stdout is not None
    assert process.stdout.readline().strip() == str(data)
    assert Path(process.stdout.readline().strip()).parent == temporary
    process.kill()
    with EmbeddedPostgres(data) as server:
        assert ask_for_one(server.url, "SELECT 1") == 1
    assert list(temporary.iterdir()) == []


@pytest.mark.skipif(sys.platform != "linux", reason="the parent-death signal is Linux's")
def test_a_server_whose_keeper_is_killed_ends(tmp_path: Path) -> None:
    with EmbeddedPostgres(tmp_path / "data") as server:
        assert server._keeper is not None
        server._keeper.kill()
        eventually(lambda: running_url(server.data) is None)


def test_a_second_server_in_one_directory_is_refused(tmp_path: Path) -> None:
    with EmbeddedPostgres(tmp_path) as first:
        with pytest.raises(EmbeddedPostgresError, match="another server is running in this dir"):
            EmbeddedPostgres(tmp_path).start()
        with pytest.raises(EmbeddedPostgresError, match="has been started"):
            first.start()
        assert ask_for_one(first.url, "SELECT 1") == 1


def test_a_server_that_cannot_start_says_why(temporary: Path) -> None:
    with pytest.raises(EmbeddedPostgresError, match='"max_connections": "many"'):
        EmbeddedPostgres(settings={"max_connections": "many"}).start()
    assert list(temporary.iterdir()) == []


def test_a_server_that_is_not_ready_in_time_is_stopped(temporary: Path) -> None:
    with pytest.raises(EmbeddedPostgresError, match=r"not ready after 0\.001 s"):
        EmbeddedPostgres().start(timeout=0.001)
    assert list(temporary.iterdir()) == []


def test_a_refusal_for_missing_binaries_names_the_ways_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PGJOBS_PG_BIN", raising=False)
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(EmbeddedPostgresError, match=r"django-pgjobs\[demo\].* DATABASE_URL"):
        EmbeddedPostgres().start()


def test_a_refusal_of_a_wrong_directory_of_binaries_names_its_variable(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PGJOBS_PG_BIN", str(tmp_path))
    with pytest.raises(EmbeddedPostgresError, match="PGJOBS_PG_BIN"):
        binaries()
