"""The parent process: it starts workers as children, watches, replaces and stops them."""

from __future__ import annotations

import os
import select
import signal
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from pgjobs import events
from pgjobs.worker.kinship import adopt_orphans, reap_orphans
from pgjobs.worker.process.child import EXIT_AGAIN
from pgjobs.worker.process.health import LivenessFile, tell_systemd
from pgjobs.worker.process.offspring import Child
from pgjobs.worker.process.preloading import Zygote
from pgjobs.worker.process.signals import collected

_STOP_SIGNALS: Final = (signal.SIGTERM, signal.SIGINT)
RENEWAL: Final = signal.SIGUSR1
"""Asks the supervisor to replace its children."""
TURN: Final = 1.0
"""Seconds between two looks at the children."""
EXTRA_TIME: Final = 15.0
"""Seconds after the shutdown timeout in which children write their last outcomes."""
_SETTLED: Final = 30.0
"""If a child dies after more seconds than this, the next one starts without a growing delay."""


class Supervisor:
    """Keeps ``processes`` children running until told to stop.

    Children are new interpreters with the same command line, so they share neither connections nor
    threads that the project started. With a ``zygote``, they are forked from it.
    """

    def __init__(
        self,
        *,
        processes: int,
        shutdown_timeout: float,
        silence: float,
        restarts: bool = True,
        liveness_file: Path | None = None,
        zygote: Zygote | None = None,
    ) -> None:
        self._children = [Child(index) for index in range(1, processes + 1)]
        self._shutdown_timeout = shutdown_timeout
        self._silence = silence
        self._restarts = restarts
        self._liveness_file = LivenessFile(liveness_file) if liveness_file else None
        self._zygote = zygote
        self._kill_at: float | None = None
        self._failed = False
        self._told_ready = False
        self._last_turn = time.monotonic()

    def run(self) -> int:
        """Watch until all children are done; return the exit code, which is 0 if all ended well."""
        if self._zygote is not None:
            adopt_orphans()
        try:
            with collected((*_STOP_SIGNALS, RENEWAL)) as self._signals:
                while not all(child.is_done for child in self._children):
                    self._turn()
        finally:
            self._kill([child for child in self._children if child.process])
            if self._zygote is not None:
                self._zygote.end()
        return int(self._failed)

    def stop(self) -> None:
        """Tell the children to stop. The second time, they don't wait for their jobs."""
        tell_systemd("STOPPING=1")
        is_first = self._kill_at is None
        self._kill_at = time.monotonic() + self._shutdown_timeout + EXTRA_TIME
        for child in self._children:
            if child.process is None:
                child.is_done = True
            elif not (is_first and child.is_renewed):  # it has got its first signal already
                child.process.send_signal(signal.SIGTERM)

    def renew(self) -> None:
        """Replace each child by a new one once its jobs have ended, so that new code is loaded."""
        if self._kill_at is not None or not self._restarts:
            return
        if self._zygote is not None:
            self._zygote.renew()
        for child in self._children:
            child.start_at = 0.0
            # A second signal would cut its jobs off.
            if child.process is not None and not child.is_renewed:
                child.is_renewed = True
                child.process.send_signal(signal.SIGTERM)

    # One turn ---------------------------------------------------------------------------

    def _turn(self) -> None:
        self._obey_signals()
        if self._zygote is not None and self._kill_at is None:
            self._zygote.tend()
        now = time.monotonic()
        for child in self._children:
            if child.process is None and not child.is_done and now >= child.start_at:
                self._start(child)
        self._listen()
        for child in self._children:
            if (code := child.bury()) is not None:
                self._replace(child, code)
        self._note_new_code()
        self._end_silent()
        self._show_liveness()
        self._reap_orphans()

    def _obey_signals(self) -> None:
        for number in self._signals.take():
            if number == RENEWAL:
                self.renew()
            else:
                self.stop()

    def _start(self, child: Child) -> None:
        try:
            if self._zygote is None:
                child.start()
            elif self._zygote.is_loaded:
                child.start(self._zygote.fork)
        except OSError as error:  # no memory, no more processes, or Python is being replaced
            delay = child.backoff.next()
            child.start_at = time.monotonic() + delay
            events.tell(events.ChildNotStarted(child.index, error, delay))

    def _listen(self) -> None:
        """Hear the children after a second, or once a child has ended or a signal has come.

        Only a first sign ends the wait: with 200 children, a turn for each of their signs would
        look at 40,000 children a second.
        """
        heard = [child for child in self._children if child.signs >= 0]
        poll = select.poll()  # select() refuses descriptors above 1,023
        poll.register(self._signals.descriptor, select.POLLIN)
        for child in heard:
            if not child.has_given_sign:
                poll.register(child.signs, select.POLLIN)
        if self._zygote is not None and self._zygote.descriptor is not None:
            poll.register(self._zygote.descriptor, select.POLLIN)
        ready = {descriptor for descriptor, _ in poll.poll(1000 * self._pause())}
        if self._signals.descriptor in ready:
            os.read(self._signals.descriptor, 4096)
        for child in heard:
            child.hear()

    def _note_new_code(self) -> None:
        """Load the project anew if a child was ordered to restart."""
        for child in self._children:
            if child.asks_for_new_code:
                child.asks_for_new_code = False
                if self._zygote is not None:
                    self._zygote.renew()

    def _pause(self) -> float:
        if self._zygote is not None and not self._zygote.is_loaded:
            return TURN  # if it has loaded the project before, it says so
        starts = [child.start_at for child in self._children if child.process is None]
        return max(0.0, min([TURN, *(at - time.monotonic() for at in starts)]))

    def _replace(self, child: Child, code: int) -> None:
        """Decide whether another child takes the place of one that has ended with ``code``."""
        # A job, or a library that it calls, can end the process with exit code 0, too.
        has_ended_well = code == EXIT_AGAIN or (code == 0 and child.has_said_goodbye)
        is_work_done = has_ended_well and code == 0 and not self._restarts
        if self._kill_at is not None or child.has_left_for_good or is_work_done:
            child.is_done = True
            # A child that was told to stop before its first sign of life has not failed: it dies of
            # the signal that it could not handle yet.
            # A child that ended without a goodbye has not waited for its jobs, whatever its code.
            has_ended_well = has_ended_well and child.has_said_goodbye
            self._failed |= not has_ended_well and child.has_given_sign
            return
        is_meant = code == EXIT_AGAIN or child.is_renewed
        if time.monotonic() - child.born > _SETTLED or is_meant:
            child.backoff.reset()
        delay = 0.0 if is_meant else child.backoff.next()
        child.start_at = time.monotonic() + delay
        events.tell(events.ChildEnded(child.index, code, delay, child.last_words))

    def _end_silent(self) -> None:
        """Kill each child that gives no sign of life, and each one that does not stop in time.

        A child without a sign of life is stopped (SIGSTOP), or stuck in code that holds the GIL.
        """
        now = time.monotonic()
        # If the supervisor itself was stopped, perhaps with the whole machine, this time is no
        # silence of the children.
        away = max(0.0, now - self._last_turn - TURN)
        self._last_turn = now
        living = [child for child in self._children if child.process is not None]
        for child in living:
            child.last_sign += away
        if self._kill_at is not None and now > self._kill_at:
            events.tell(events.ChildrenKilled())
            self._failed = True
            self._kill(living)
            return
        # Until its first sign a child is starting, and its imports may take any time.
        self._kill(
            [c for c in living if c.has_given_sign and now - c.last_sign > self._silence],
            for_silence=True,
        )

    def _kill(self, children: Sequence[Child], *, for_silence: bool = False) -> None:
        for child in children:
            if child.process is not None and child.process.poll() is None:
                if for_silence:
                    events.tell(events.ChildSilent(child.index, child.process.pid))
                child.process.kill()

    def _reap_orphans(self) -> None:
        """Reap the orphans of jobs, if the kernel gives them to this process."""
        ours = [child.process.pid for child in self._children if child.process]
        if self._zygote is not None:
            reap_orphans({*ours, self._zygote.pid})
        elif os.getpid() == 1:  # of a container
            reap_orphans(ours)

    # Telling others ------------------------------------------------------------------------

    def _show_liveness(self) -> None:
        """Touch the liveness file and tell systemd, if each child has just said that it is well."""
        now = time.monotonic()
        living = [child for child in self._children if not child.is_done]
        if not all(
            c.has_given_sign and c.is_well and now - c.last_sign < 10 * TURN for c in living
        ):
            return
        tell_systemd("WATCHDOG=1" if self._told_ready else "READY=1")
        self._told_ready = True
        if self._liveness_file is not None:
            self._liveness_file.touch()
