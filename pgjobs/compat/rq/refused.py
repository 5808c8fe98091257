"""Names of RQ that can't work here: each says at the call what to do."""

from __future__ import annotations

from typing import Any, Final, NoReturn

from pgjobs.exceptions import InvalidArgument

_START: Final = (
    "Start a worker with manage.py pgjobs_worker, and in a test with "
    "call_command('pgjobs_worker', '--burst')."
)
_AFTERWARDS: Final = "Do it at the end of the function, or in a receiver of pgjobs.job_end."
_SCHEDULE: Final = (
    "Write queue.enqueue_at(…), or a BackgroundJob with @system_job for times that recur."
)

_NO_REDIS: Final = "Leave it out: pgjobs needs no connection to Redis."

REMEDIES: Final = {
    "get_worker": _START,
    "SimpleWorker": _START,
    "SpawnWorker": _START,
    "get_scheduler": _SCHEDULE,
    "Scheduler": _SCHEDULE,
    "CronScheduler": _SCHEDULE,
    "Connection": _NO_REDIS,
    "push_connection": _NO_REDIS,
    "use_connection": _NO_REDIS,
    "Callback": _AFTERWARDS,
    "Webhook": _AFTERWARDS,
    "Dependency": "Enqueue the next job at the end of the function that comes first.",
    "Repeat": "Write a BackgroundJob and its enqueue_once(interval=minutes).",
    "RateLimit": "Give the queue a worker of its own, with --concurrency.",
    "suspend": "Write manage.py pgjobs pause.",
    "resume": "Write manage.py pgjobs resume.",
}


class RefusedName:
    """Can be imported, and raises InvalidArgument where it is called or becomes a base class.

    No value is an instance of it. An attribute of it is an AttributeError.
    """

    def __init__(self, name: str) -> None:
        self.name = name

    def __call__(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise InvalidArgument(self._refusal(f"{self.name}()"))

    def __mro_entries__(self, bases: Any) -> NoReturn:
        raise InvalidArgument(self._refusal(self.name))

    def __instancecheck__(self, value: object) -> bool:
        return False

    def __getattr__(self, attribute: str) -> NoReturn:
        raise AttributeError(self._refusal(f"{self.name}.{attribute}"))

    def _refusal(self, written: str) -> str:
        return f"{written} is a name of RQ that pgjobs does not have. {REMEDIES[self.name]}"
