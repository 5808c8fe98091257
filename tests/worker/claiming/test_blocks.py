"""Claims of several workers take different blocks of a lane, as far as possible in its order."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack
from itertools import chain

import pytest
from django.db import transaction
from django.db.models import F

from pgjobs.models import Job, WorkerProcess
from pgjobs.sql.locks import BLOCK_LOCK
from pgjobs.worker.claiming.claimer import Claimer
from pgjobs.worker.claiming.lanes import STRAGGLES_AFTER
from tests.apps.testapp.jobs import Noop
from tests.support.elsewhere import elsewhere, is_waited_for
from tests.support.engine import OpenConnection
from tests.support.eventually import eventually
from tests.support.rows import a_worker
from tests.support.sql import advisory_lock, query

BLOCK = 256
FIRST_BLOCK = 10
"""The block in which the first job of the tests stands, so that it begins one."""


@pytest.fixture
def worker() -> int:
    return a_worker().pk


@pytest.fixture
def claimer(open_connection: OpenConnection) -> Claimer:
    return Claimer(open_connection(), ("high", "default", "low"))


@pytest.fixture
def jobs(empty_queue: None) -> list[int]:
    """Enqueue four blocks of jobs; return their ids in the order of their positions."""
    query("SELECT setval('pgjobs_position', %s)", FIRST_BLOCK * BLOCK - 1)
    return Noop.enqueue_many({} for _ in range(4 * BLOCK))


def ids(claimed: list[Job]) -> list[int]:
    return [job.pk for job in claimed]


def another_claim_in(block: int) -> AbstractContextManager[None]:
    """Hold the lock of a block, as a claim does until it commits. Block 0 has the first jobs."""
    (row,) = query(
        "SELECT hashtext(%s) AS key", f"default 0 {(FIRST_BLOCK + block + 1) * BLOCK - 1}"
    )
    return advisory_lock(BLOCK_LOCK, row["key"])


def test_a_claim_alone_takes_the_jobs_in_their_order(
    claimer: Claimer, jobs: list[int], worker: int
) -> None:
    claimed = [ids(claimer.claim(limit=300, worker=worker)) for _ in range(4)]
    assert list(chain(*claimed)) == jobs
    assert [len(batch) for batch in claimed] == [300, 300, 300, 4 * BLOCK - 900]


def test_a_claim_passes_over_the_block_of_another_and_comes_back_to_it(
    claimer: Claimer, jobs: list[int], worker: int
) -> None:
    with another_claim_in(0):
        assert ids(claimer.claim(limit=300, worker=worker)) == jobs[BLOCK : BLOCK + 300]
    assert ids(claimer.claim(limit=300, worker=worker)) == [
        *jobs[:BLOCK],
        *jobs[BLOCK + 300 : BLOCK + 344],
    ]


def test_a_claim_takes_the_blocks_of_others_before_the_next_lane(
    claimer: Claimer, jobs: list[int], worker: int
) -> None:
    low = Noop.enqueue(queue_name="low")
    claimer.look()
    with another_claim_in(1):
        first = claimer.claim(limit=3 * BLOCK, worker=worker)
        second = claimer.claim(limit=2 * BLOCK, worker=worker)
    assert ids(first) == [*jobs[:BLOCK], *jobs[2 * BLOCK :]]
    assert ids(second) == [*jobs[BLOCK : 2 * BLOCK], low.pk]


def test_a_claim_of_one_job_takes_the_first_whatever_other_claims_do(
    claimer: Claimer, jobs: list[int], worker: int
) -> None:
    with another_claim_in(0):
        assert ids(claimer.claim(limit=1, worker=worker)) == jobs[:1]


def test_a_job_whose_block_stays_locked_is_taken_after_some_looks(
    claimer: Claimer, jobs: list[int], worker: int
) -> None:
    with another_claim_in(0):
        for _ in range(STRAGGLES_AFTER - 1):
            claimer.look()
            assert jobs[0] not in ids(claimer.claim(limit=10, worker=worker))
        claimer.look()
        assert ids(claimer.claim(limit=BLOCK, worker=worker)) == jobs[:BLOCK]
        claimer.look()
        assert min(ids(claimer.claim(limit=10, worker=worker))) == jobs[BLOCK + 30]


def test_claims_side_by_side_begin_late_by_no_more_than_the_jobs_that_the_others_take(
    jobs: list[int], worker: int, open_connection: OpenConnection
) -> None:
    claimers = [open_connection() for _ in range(3)]
    with ExitStack() as uncommitted:
        batches = []
        for connection in claimers:
            uncommitted.enter_context(connection.get().transaction())
            claimed = Claimer(connection, ("default",)).claim(limit=300, worker=worker)
            batches.append([jobs.index(job) for job in ids(claimed)])
    begins = [batch[0] for batch in batches]
    assert begins == [0, 2 * BLOCK, 44 + BLOCK]
    taken = set(chain(*batches))
    assert len(taken) == 900
    late = Claimer(open_connection(), ("default",))
    assert [jobs.index(job) for job in ids(late.claim(limit=300, worker=worker))] == sorted(
        set(range(4 * BLOCK)) - taken
    )


def test_a_claim_locks_no_job_that_it_does_not_take(
    jobs: list[int], worker: int, open_connection: OpenConnection
) -> None:
    with ExitStack() as uncommitted:
        taken = set()
        for connection in (open_connection(), open_connection()):
            uncommitted.enter_context(connection.get().transaction())
            taken |= set(ids(Claimer(connection, ("default",)).claim(limit=300, worker=worker)))
        with transaction.atomic():
            free = Job.objects.select_for_update(skip_locked=True, no_key=True)
            assert set(free.values_list("pk", flat=True)) == set(jobs) - taken


def test_a_sparse_lane_of_many_blocks_is_claimed_to_its_end_in_its_order(
    claimer: Claimer, empty_queue: None, worker: int
) -> None:
    sparse = Noop.enqueue_many({} for _ in range(2 * BLOCK))
    Job.objects.update(position=F("position") * BLOCK)
    claimed = [ids(claimer.claim(limit=BLOCK, worker=worker)) for _ in range(2)]
    assert list(chain(*claimed)) == sparse


@pytest.mark.parametrize("position", [-(2**63), -1, 2**63 - 1])
def test_a_job_at_an_odd_position_is_claimed(
    claimer: Claimer, jobs: list[int], worker: int, position: int
) -> None:
    Job.objects.filter(pk=jobs[7]).update(position=position)
    claimer.look()
    assert len(claimer.claim(limit=BLOCK, worker=worker)) == BLOCK
    for _ in range(STRAGGLES_AFTER + 1):
        claimer.look()
        claimer.claim(limit=4 * BLOCK, worker=worker)
    assert not Job.objects.filter(status="pending").exists()


def test_many_workers_take_each_job_once(
    jobs: list[int], worker: int, open_connection: OpenConnection
) -> None:
    def work(claimer: Claimer) -> list[int]:
        taken = []
        while claimer.look().ready:
            taken += ids(claimer.claim(limit=300, worker=worker))
        return taken

    Noop.enqueue_many({} for _ in range(4000))
    claimers = [Claimer(open_connection(), ("default",)) for _ in range(8)]
    with ThreadPoolExecutor(8) as threads:
        taken = list(chain(*threads.map(work, claimers)))
    assert sorted(taken) == sorted(Job.objects.values_list("pk", flat=True))


def lockers(jobs: list[int]) -> set[str]:
    """Return the transactions that have changed or locked these rows last."""
    return {row["xmax"] for row in query("SELECT xmax FROM pgjobs_job WHERE id = ANY(%s)", jobs)}


def test_a_claim_locks_no_job_that_another_claim_has_taken_since_it_began(
    claimer: Claimer, jobs: list[int], worker: int, open_connection: OpenConnection
) -> None:
    rival = Claimer(open_connection(), ("default",))
    late = a_worker().pk
    with transaction.atomic():
        # The late claim sees the queue as it is now, and then waits for the row of its worker.
        WorkerProcess.objects.select_for_update().get(pk=late)
        claim = elsewhere(lambda: claimer.claim(limit=300, worker=late))
        eventually(is_waited_for)
        taken = ids(rival.claim(limit=BLOCK - 50, worker=worker))
        before = lockers(taken)
    claimed = ids(claim.result(20))

    assert claimed == jobs[BLOCK - 50 : 2 * BLOCK - 6]
    assert lockers(taken) == before
