"""A child process as its supervisor sees it: its death, its signs of life and its last words."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pgjobs.worker.process import early_output
from pgjobs.worker.process.child import CHILD
from pgjobs.worker.process.offspring import Child
from tests.support.eventually import eventually

PRELUDE = f"import os, sys, time; signs = int(os.environ[{CHILD!r}].split(':')[0])\n"

Start = Callable[..., Child]


@pytest.fixture
def start(monkeypatch: pytest.MonkeyPatch) -> Iterator[Start]:
    """Starts a child that runs the given code after `PRELUDE`."""
    children: list[Child] = []

    def start(code: str, child: Child | None = None) -> Child:
        monkeypatch.setattr(sys, "orig_argv", ["python", "-c", PRELUDE + code])
        child = child or Child(1)
        child.start()
        children.append(child)
        return child

    yield start
    for child in children:
        if child.process is not None:
            child.process.kill()
            code_of(child)


def code_of(child: Child) -> int:
    """Wait for the death of a child; return its exit code."""
    return eventually(lambda: [code for code in [child.bury()] if code is not None])[0]


def hear(child: Child) -> bool:
    if child.signs >= 0:
        child.hear()
    return child.has_given_sign


def test_a_death_is_seen_while_a_process_that_the_child_has_forked_lives(start: Start) -> None:
    child = start("pid = os.fork() or time.sleep(60); os.write(signs, b'!%d' % pid); os._exit(3)")

    assert code_of(child) == 3
    os.kill(int(child.last_words), 9)


def test_a_child_that_closes_its_pipe_lives_on_until_it_exits(start: Start) -> None:
    child = start("os.write(signs, b'.'); os.close(signs); time.sleep(60)")
    eventually(lambda: hear(child) and child.signs == -1)

    assert child.bury() is None
    assert child.process is not None
    child.process.kill()
    assert code_of(child) == -9


def test_a_sign_of_life_of_a_stuck_worker_does_not_say_that_it_is_well(start: Start) -> None:
    child = start("os.write(signs, b'?'); time.sleep(60)")
    eventually(lambda: hear(child))

    assert child.last_sign > child.born
    assert not child.is_well


def test_the_last_words_of_a_child_that_fails_again_before_its_first_sign_are_heard(
    start: Start, capfd: pytest.CaptureFixture[str]
) -> None:
    child = Child(1)
    for _ in range(2):
        start("raise SystemExit('no module named mysite')", child)
        assert code_of(child) == 1

    assert child.last_words == "no module named mysite"
    assert capfd.readouterr().err.count("no module named mysite") == 2


def test_a_child_that_works_after_a_failed_start_has_the_real_standard_error(
    start: Start, capfd: pytest.CaptureFixture[str]
) -> None:
    child = start("sys.exit(1)")
    code_of(child)
    # The package around it would need Django to be set up.
    give_back = f"__import__('runpy').run_path({early_output.__file__!r})['give_back_stderr']()"
    start(f"sys.stderr.write('a'); {give_back}; sys.stderr.write('b')", child)

    assert code_of(child) == 0
    assert capfd.readouterr().err == "ab"


def test_a_child_starts_in_the_directory_in_which_its_supervisor_was_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = tmp_path / "site" / "manage.py"
    script.parent.mkdir()
    script.write_text("import os, sys; sys.exit(os.path.exists('site/manage.py'))")
    monkeypatch.setattr(sys, "orig_argv", ["python", "-X", "dev", "site/manage.py", "worker"])
    monkeypatch.setattr(sys.modules["__main__"], "__file__", str(script), raising=False)
    monkeypatch.chdir("/")
    child = Child(1)
    child.start()

    assert code_of(child) == 1


def test_a_start_that_the_system_refuses_leaves_no_pipe_behind(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    before = os.listdir("/proc/self/fd")
    with pytest.raises(OSError, match="nowhere"):
        start("")

    assert len(os.listdir("/proc/self/fd")) == len(before)


def test_a_child_starts_after_a_failed_start_although_no_temporary_file_can_be_made(
    start: Start,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    child = start("sys.exit(1)")
    code_of(child)
    before = os.listdir("/proc/self/fd")
    with monkeypatch.context() as without_room:
        without_room.setattr(tempfile, "tempdir", str(tmp_path / "gone"))
        start("sys.exit('starts')", child)

    assert code_of(child) == 1
    assert capfd.readouterr().err == "starts\n"
    assert len(os.listdir("/proc/self/fd")) == len(before)


OBEDIENT = """
from pgjobs.worker.process import child, run

class Worker:
    stop_order = type("StopOrder", (), {"drain": None, "order": None})
    burst_is_over = False
    stopped = False
    def run(self): return self.stopped
    def stop(self): self.stopped = True
    def stuck(self): return None

hold = child.Bond.hold

def hold_and_be_told_to_stop(bond):
    hold(bond)
    os.kill(os.getpid(), 15)

child.Bond.hold = hold_and_be_told_to_stop
run.run_as_child(Worker(), memory_limit=None, is_replaced=False)
"""


def test_a_child_obeys_a_signal_from_its_first_sign_of_life_on(start: Start) -> None:
    assert code_of(start(OBEDIENT)) == 0
