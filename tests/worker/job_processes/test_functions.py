"""A function runs where its options say."""

from __future__ import annotations

from tests.apps.isolated.jobs import ShowsInThread, process_of_a_function
from tests.support.environment import Environment
from tests.support.worker_process import run_burst


def test_an_isolated_function_runs_in_a_process_of_its_own(environment: Environment) -> None:
    function, in_thread = process_of_a_function.delay(), ShowsInThread.enqueue()

    output = run_burst(environment)

    function.refresh_from_db()
    in_thread.refresh_from_db()
    assert function.status == "completed", output
    assert function.result != in_thread.result["pid"]
