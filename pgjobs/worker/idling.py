"""How a worker waits: for a ready job, for a free slot, and in a burst for its end."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from typing import Final

from pgjobs.conf import get_settings
from pgjobs.worker.claiming.claimer import Claimer
from pgjobs.worker.claiming.doorbell import Doorbell
from pgjobs.worker.companion import Companion
from pgjobs.worker.liveness.presence import Presence
from pgjobs.worker.recording.recorder import Recorder
from pgjobs.worker.slots.pool import Pool
from pgjobs.worker.stop_order import StopOrder
from pgjobs.worker.wakeup import Wakeup

LOOK_INTERVAL: Final = 0.5
"""Seconds between two looks of a busy worker. It can overlook a late commit for this long."""
_AHEAD_INTERVAL: Final = 0.1
"""Seconds between two turns of the loop while claimed jobs wait for a slot."""
_BURST_PAUSE: Final = 0.02
_RARELY: Final = 10
"""Poll intervals between two looks of a worker that rings can wake. The worker that makes the
rounds looks for all such workers at each interval."""


class Burst:
    """Ends a worker that has to stop when nothing is due."""

    def __init__(
        self,
        stop_order: StopOrder,
        pool: Pool,
        recorder: Recorder,
        presence: Presence,
        companions: Sequence[Companion],
    ) -> None:
        self._stop_order = stop_order
        self._pool = pool
        self._recorder = recorder
        self._presence = presence
        self._companions = companions
        self._judging_since: float | None = None
        self.is_over = False
        """Whether the worker has to end because nothing was due."""

    def settle(self) -> bool:
        """Return whether all jobs have ended and the recorder has tried to write each outcome.

        The janitor must also have taken back the jobs of dead workers: if only bursts run, no other
        worker would. Wait up to LOOK_INTERVAL seconds for the recorder.
        """
        if self._pool.in_hand or not all(part.is_idle() for part in self._companions):
            self._judging_since = None
            return False
        return self._has_judged() and self._recorder.settle().wait(LOOK_INTERVAL)

    def _has_judged(self) -> bool:
        now = time.monotonic()
        self._judging_since = self._judging_since or now
        # The limit is for a janitor that fails at each turn.
        waits_in_vain = now - self._judging_since > get_settings().HEARTBEAT_TIMEOUT
        return self._presence.has_judged or waits_in_vain

    def end(self) -> None:
        self.is_over = True
        self._stop_order.is_given = True


class Idling:
    """Looks for ready jobs, and sleeps while there is none or no room for one."""

    def __init__(
        self,
        claimer: Claimer,
        bell: Doorbell,
        wakeup: Wakeup,
        presence: Presence,
        pool: Pool,
        burst: Burst | None,
    ) -> None:
        self._claimer = claimer
        self._bell = bell
        self._wakeup = wakeup
        self._presence = presence
        self._pool = pool
        self._burst = burst
        self._looked = 0.0
        self._next_look = 0.0
        self._due_in: float | None = None
        self.is_idle = False
        """The last claim left room, so the next claim needs a look that finds a ready job."""
        self.wants_room = False
        """The loop waits for room. Otherwise a freed slot need not wake it."""

    def look(self) -> bool:
        """Promote due jobs and recompute the floors; return whether a job is ready."""
        self._looked = time.monotonic()
        sight = self._claimer.look(ring=self._bell.ring)
        self._due_in = sight.due_in
        self._next_look = time.monotonic() + LOOK_INTERVAL
        return sight.ready

    def look_if_due(self) -> None:
        """Look between two claims of a busy worker, once in LOOK_INTERVAL."""
        if time.monotonic() >= self._next_look:
            self.look()

    def after_claim(self, claimed: int, room: int) -> None:
        """Note whether ``claimed`` jobs filled the ``room``; rest if a look found them locked."""
        was_idle, self.is_idle = self.is_idle, claimed < room
        if was_idle and not claimed:
            self.rest()  # other transactions hold the ready jobs: another claim at once would spin
        elif not self.is_idle:
            self._bell.get_up(self._presence.worker_id)

    def after_lost_connection(self) -> None:
        """Forget the registration; look before the next claim."""
        self._bell.forget()
        self.is_idle = True

    def rest(self) -> None:
        """Register this worker as idle; if it is registered, sleep until a ring or the next look.

        The caller looks before each call, so a look comes between the registration and the sleep.
        It finds a job that committed just before the registration, too early to ring this worker.
        In a burst, end the worker instead once nothing is due.
        """
        if self._burst is not None:
            self._rest_in_burst(self._burst)
        elif not self._bell.is_waiting_as(self._presence.worker_id):
            self._bell.sit_down(self._presence.worker_id)
        elif self._bell.wait(self._wakeup, self._rest_seconds()):
            self.is_idle = False

    def wait_for_room(self, has_room: Callable[[], object]) -> None:
        """Sleep until there is room for a job, or until the loop should take another turn.

        First end the registration as idle: a ring must wake a worker that has room.
        """
        self._bell.get_up(self._presence.worker_id)
        self.wants_room = True
        # Ask again: a slot that became free before the flag was set has not woken the loop.
        if not has_room():
            self._wakeup.wait(_AHEAD_INTERVAL if self._pool.has_waiting else LOOK_INTERVAL)
        self.wants_room = False

    def _rest_in_burst(self, burst: Burst) -> None:
        # A job that has just ended may have enqueued another or be due again at once. Only a look
        # after its outcome is written finds these.
        if burst.settle() and not self.look():
            burst.end()
        else:
            self._wakeup.wait(_BURST_PAUSE)

    def _rest_seconds(self) -> float:
        poll = get_settings().POLL_INTERVAL * random.uniform(0.8, 1.2)
        if self._bell.can_ring:
            poll *= _RARELY
        poll = min(poll, self._bell.second_look_in(self._looked))
        if self._pool.has_waiting:
            poll = min(poll, _AHEAD_INTERVAL)
        return poll if self._due_in is None else min(poll, max(self._due_in, 0.001))
