"""The workers, as code for RQ and for NetBox asks for them."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from pgjobs.compat.rq import options
from pgjobs.compat.rq.connection import check_connection
from pgjobs.compat.rq.explaining import Explaining
from pgjobs.compat.rq.queues import Queue
from pgjobs.exceptions import InvalidArgument


class Worker(Explaining):
    """A living worker process. ``row`` is its `pgjobs.stats.WorkerRow`."""

    noun = "worker"
    instead: ClassVar[dict[str, str]] = {
        "find_by_key": "Write Worker.all().",
        "work": "Start a worker with manage.py pgjobs_worker.",
    }
    otherwise = "worker.row is its pgjobs.stats.WorkerRow."

    def __init__(self, row: Any, *others: Any, **given: Any) -> None:
        from pgjobs.stats import WorkerRow

        if not isinstance(row, WorkerRow) or others or given:
            raise InvalidArgument(
                "Worker(…) starts no worker. Start one with manage.py pgjobs_worker, and in a "
                "test with call_command('pgjobs_worker', '--burst')."
            )
        self.row = row

    @classmethod
    def all(
        cls, connection: Any = None, *, queue: Queue | str | None = None, **others: Any
    ) -> list[Worker]:
        """Return the living workers: all, or those that serve ``queue``."""
        from pgjobs.stats import workers

        check_connection(connection)
        options.refuse(others)
        name = queue.name if isinstance(queue, Queue) else queue
        living = (row for row in workers() if row.alive)
        return [cls(row) for row in living if name is None or name in row.queues]

    @classmethod
    def count(cls, connection: Any = None, queue: Queue | str | None = None) -> int:
        """Return how many living workers there are: in all, or for ``queue``."""
        return len(cls.all(connection, queue=queue))

    @property
    def name(self) -> str:
        return str(self.row.name)

    @property
    def hostname(self) -> str:
        return str(self.row.hostname)

    @property
    def pid(self) -> int:
        return int(self.row.pid)

    @property
    def birth_date(self) -> datetime:
        moment: datetime = self.row.started
        return moment

    def queue_names(self) -> list[str]:
        return [*self.row.queues]

    def get_state(self) -> str:
        """Return ``busy`` if the worker runs a job, else ``idle``."""
        return "busy" if self.row.running else "idle"

    @property
    def state(self) -> str:
        return self.get_state()


def get_workers_for_queue(queue_name: str) -> int:
    """Return how many living workers serve the queue, as NetBox's function does."""
    return Worker.count(queue=queue_name)
