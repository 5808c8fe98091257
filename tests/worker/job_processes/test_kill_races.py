"""A process that is killed in the moment when its job ends takes no other job along."""

from __future__ import annotations

from typing import Any, cast

from pgjobs.exceptions import JobTimeout
from pgjobs.models import Job
from pgjobs.worker.job_processes.forking import ForkServer
from pgjobs.worker.job_processes.job_process import JobProcess
from pgjobs.worker.slots.stoppable import Stoppable


class _Server:
    """Forks nothing, and notes whom it is told to kill."""

    def __init__(self) -> None:
        self.killed: list[int] = []

    def fork(self, _: list[int]) -> int:
        return 1

    def stop(self, pid: int) -> None: ...

    def kill(self, pid: int) -> None:
        self.killed.append(pid)


class _Slot(Stoppable):
    async def wait_for(self, coroutine: Any) -> Any: ...

    def has_left_transaction_open(self, outcome: Any) -> bool:
        return False


def test_a_killed_process_takes_no_other_job() -> None:
    process = JobProcess(cast("ForkServer", _Server()))
    worn = [process.is_worn]
    process.kill("it was too slow")
    worn.append(process.is_worn)
    assert worn == [False, True]
    process.end()


def test_a_slot_that_has_its_job_back_kills_nothing_and_is_not_given_up() -> None:
    server = _Server()
    process = JobProcess(cast("ForkServer", server))
    slot, job = _Slot(), Job(id=1, epoch=1, worker_id=1)
    slot.begin(job, waits=True)
    assert slot.request_stop(job, JobTimeout("late"))
    assert not slot.ignores_stop(-1)  # it waits for a process
    slot.lend(process, memory_limit=1)
    assert slot.ignores_stop(-1)
    slot.take_back()
    assert not slot.ignores_stop(-1)
    assert slot.kill_process(-1)
    slot.kill_if_overweight()
    assert server.killed == []
    process.end()
