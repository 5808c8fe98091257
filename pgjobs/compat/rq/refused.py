"""Names of RQ that can't work here: each says at the call what to do."""

from __future__ import annotations

from typing import Any, Final, NoReturn

from pgjobs.compat.rq.options import REFUSED
from pgjobs.exceptions import InvalidArgument

_START: Final = (
    "Start a worker with manage.py pgjobs_worker, and in a test with "
    "call_command('pgjobs_worker', '--burst')."
)
_SCHEDULE: Final = (
    "Write queue.enqueue_at(…); for times that recur, @pgjobs.system_job above @pgjobs.job."
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
    "Callback": REFUSED["on_success"],
    "Webhook": REFUSED["webhooks"],
    "Dependency": REFUSED["depends_on"],
    "Repeat": REFUSED["repeat"],
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
