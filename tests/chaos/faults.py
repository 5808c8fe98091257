"""Faults of processes, connections, the server and the network."""

from __future__ import annotations

import random
import signal
import time
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from pgjobs.worker.kinship import children_of
from tests.chaos.cluster import ADMIN, Cluster, Death, Group


@dataclass(kw_only=True)
class Strike:
    """One fault as it happened. A fault that does not last ends when it begins, or soon after."""

    fault: str
    began: float
    ended: float
    silenced: Sequence[int] = ()
    """The processes that the fault kept from working until it ended."""


@dataclass
class Wounds:
    """The record of the faults for the audit: each death, and each time at which more was wrong."""

    strikes: list[Strike] = field(default_factory=list)
    deaths: list[Death] = field(default_factory=list)
    disturbances: list[tuple[float, float]] = field(default_factory=list)
    restarts: list[float] = field(default_factory=list)
    """The moments at which the server accepted connections again."""


class Fault(ABC):
    weight = 1
    """The number of times that it stands among the faults of one round."""
    lasts = False
    """True if the fault must be healed. Only one lasting fault is there at a time: some worker must
    be left to work."""

    silenced: Sequence[int] = ()

    def __init__(self, cluster: Cluster, chance: random.Random, wounds: Wounds) -> None:
        self.cluster = cluster
        self.chance = chance
        self.wounds = wounds

    @abstractmethod
    def strike(self) -> None: ...

    def heal(self) -> None:  # noqa: B027 (what passes by itself needs none)
        """Undo a lasting fault."""

    def duration(self) -> float:
        return self.cluster.terms.lease + self.chance.uniform(2, 5) if self.lasts else 0.0

    def a_group(self) -> Group:
        return self.chance.choice(self.cluster.groups)


class KillChild(Fault):
    weight = 4

    def strike(self) -> None:
        group = self.a_group()
        if children := group.children:
            victim = self.chance.choice(children)
            self.wounds.deaths.append(Death(pid=victim, at=time.monotonic()))
            group.send(signal.SIGKILL, [victim])


class KillSupervisor(Fault):
    weight = 2

    def strike(self) -> None:
        self.wounds.deaths += self.a_group().restart_after_kill()


class KillJobProcess(Fault):
    """Kills the process of one isolated job."""

    weight = 3

    def strike(self) -> None:
        if victims := [job for server in self.fork_servers() for job in children_of(server)]:
            self.a_group().send(signal.SIGKILL, [self.chance.choice(victims)])

    def fork_servers(self) -> list[int]:
        return [server for child in self.a_group().children for server in children_of(child)]


class KillForkServer(KillJobProcess):
    """Kills the process that forks the processes of jobs; the kernel kills these with it."""

    weight = 1

    def strike(self) -> None:
        if servers := self.fork_servers():
            self.a_group().send(signal.SIGKILL, [self.chance.choice(servers)])


class TerminateBackends(Fault):
    """Ends one to five connections: of the engine, of jobs, of the enqueuer. Behind a pooler,
    connections that are lent out go first, because no client would miss an idle one."""

    weight = 4
    QUERY = """
    SELECT pg_terminate_backend(pid) FROM (
        SELECT pid FROM pg_stat_activity
        WHERE backend_type = 'client backend' AND application_name <> %s
        ORDER BY %s AND state = 'idle', md5(pid::text || %s) LIMIT %s
    ) AS victim
    """

    def strike(self) -> None:
        salt = str(self.chance.random())
        count = self.chance.randint(1, 5)
        self.cluster.ask(self.QUERY, ADMIN, self.cluster.terms.is_pooled, salt, count)


class FreezeChild(Fault):
    """Freezes a child. Its supervisor ends the child because it gives no sign of life."""

    lasts = True

    def strike(self) -> None:
        self._group = self.a_group()
        children = self._group.children
        self.silenced = [self.chance.choice(children)] if children else []
        self._group.send(signal.SIGSTOP, self.silenced)

    def heal(self) -> None:
        self._group.send(signal.SIGCONT, self.silenced)


class FreezeGroup(Fault):
    """Freezes a group, as a sleeping machine does: it wakes up holding jobs that another worker has
    run meanwhile."""

    weight = 2
    lasts = True

    def strike(self) -> None:
        self._group = self.a_group()
        # The supervisor first: it would replace its frozen children.
        self.silenced = [self._group.pid, *self._group.children]
        self._group.send(signal.SIGSTOP, self.silenced)

    def heal(self) -> None:
        self._group.send(signal.SIGCONT, self.silenced)


class RestartPostgres(Fault):
    """Restarts in immediate mode, from which the server recovers as from a crash."""

    def strike(self) -> None:
        began = time.monotonic()
        self.cluster.postgres.restart("immediate")
        now = time.monotonic()
        self.wounds.restarts.append(now)
        self.wounds.disturbances.append((began, now + self.cluster.terms.unsettled))


class CutNetwork(Fault):
    """Cuts off the second supervisor and its children, which live in a network namespace."""

    lasts = True

    def strike(self) -> None:
        self._began = time.monotonic()
        behind_it = self.cluster.groups[-1]
        self.silenced = [behind_it.pid, *behind_it.children]
        self.cluster.namespace.cut()

    def heal(self) -> None:
        self.cluster.namespace.join()
        # Connections that were half open may still be timing out.
        until = time.monotonic() + self.cluster.terms.unsettled
        self.wounds.disturbances.append((self._began, until))


KINDS: Final[tuple[type[Fault], ...]] = (
    KillChild,
    KillSupervisor,
    KillJobProcess,
    KillForkServer,
    TerminateBackends,
    FreezeChild,
    FreezeGroup,
    RestartPostgres,
    CutNetwork,
)
