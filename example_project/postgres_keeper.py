"""The process between a launcher and its PostgreSQL: starts it, and sees to it that it ends.

`postgres.py` runs this file as a program, with its order as JSON in the only argument, and holds
the other end of standard input. When that end closes, or says stop, or the launcher is gone, the
server is stopped and what was temporary is removed. A process of its own can do that after a
`kill -9` of the launcher, whichever thread of it started the server.
"""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import json
import os
import pwd
import re
import select
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

# linux/sched.h and linux/prctl.h. os.unshare() exists from Python 3.12 on only.
CLONE_NEWUSER = 0x10000000
PR_SET_PDEATHSIG = 1

LOCK_PATIENCE = 3.0  # Enough for the server of a launcher that was just killed to go down.
SHUTDOWN_PATIENCE = 15.0  # For each of fast, immediate and kill.


@dataclass(frozen=True, kw_only=True)
class Order:
    binaries: str
    data: str
    socket_dir: str
    settings: dict[str, str]
    throwaway: list[str]

    @property
    def cluster(self) -> Path:
        return Path(self.data) / "cluster"

    @property
    def log(self) -> Path:
        return Path(self.data) / "server.log"


@dataclass(frozen=True, kw_only=True)
class Identity:
    """Who PostgreSQL runs as: it refuses to be root (its manual, "The PostgreSQL User Account")."""

    assume: Callable[[], None]
    owner: pwd.struct_passwd | None = None


def main() -> None:
    order = Order(**json.loads(sys.argv[1]))
    lock(order)
    identity = choose_identity(order)
    hand_over(order, identity)
    if not order.cluster.exists():
        create_cluster(order, identity)
    keep(order, identity)


def lock(order: Order) -> None:
    """Held until this process ends; it cannot be left behind, as a lock file could."""
    directory = os.open(order.data, os.O_RDONLY)
    deadline = time.monotonic() + LOCK_PATIENCE
    while True:
        try:
            fcntl.flock(directory, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            if time.monotonic() > deadline:
                sys.exit("another server is running in this directory")
        time.sleep(0.05)


def choose_identity(order: Order) -> Identity:
    if os.geteuid() != 0:
        return Identity(assume=lambda: None)
    if can_run(order, enter_namespace):
        return Identity(assume=enter_namespace)
    if can_run(order, become_nobody):
        return Identity(assume=become_nobody, owner=pwd.getpwnam("nobody"))
    sys.exit(
        "PostgreSQL refuses to run as root, user namespaces are not allowed here, and the user "
        f"nobody cannot reach {order.binaries}. Install it where everybody may read, run as "
        "another user, or set DATABASE_URL to a server of yours."
    )


def can_run(order: Order, assume: Callable[[], None]) -> bool:
    command = [f"{order.binaries}/postgres", "--version"]
    try:
        subprocess.run(command, preexec_fn=assume, check=True, capture_output=True)
    except (OSError, subprocess.SubprocessError):
        return False
    return True


def enter_namespace() -> None:
    """Be nobody inside and still root for the file system: nothing changes owner or mode.

    user_namespaces(7): "deny" to setgroups comes before gid_map.
    """
    nobody = pwd.getpwnam("nobody").pw_uid
    if sys.platform != "linux":
        raise OSError("no user namespaces")
    if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWUSER) != 0:
        raise OSError(ctypes.get_errno(), "unshare")
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{nobody} 0 1")
    Path("/proc/self/gid_map").write_text(f"{nobody} 0 1")


def become_nobody() -> None:
    nobody = pwd.getpwnam("nobody")
    os.setgroups([])
    os.setgid(nobody.pw_gid)
    os.setuid(nobody.pw_uid)


def hand_over(order: Order, identity: Identity) -> None:
    if identity.owner is not None:
        for directory in {order.data, order.socket_dir}:
            os.chown(directory, identity.owner.pw_uid, identity.owner.pw_gid)


def create_cluster(order: Order, identity: Identity) -> None:
    """Made aside and renamed: a cluster that exists is whole."""
    unfinished = order.cluster.with_name("cluster.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    command = [f"{order.binaries}/initdb", "-D", str(unfinished), "-U", "postgres", "-A", "trust"]
    command += ["-E", "UTF8", "--no-sync", "--no-instructions", *locale_options(order)]
    initdb = subprocess.run(
        command,
        preexec_fn=in_child(identity),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    if initdb.returncode != 0:
        sys.exit(f"initdb failed:\n{initdb.stdout.decode(errors='replace')}")
    unfinished.rename(order.cluster)


def locale_options(order: Order) -> list[str]:
    """The same collation on every machine; the builtin provider came with PostgreSQL 17."""
    command = [f"{order.binaries}/initdb", "--version"]
    version = re.search(r"\d+", subprocess.check_output(command, text=True))
    if version and int(version[0]) >= 17:
        return ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    return ["--locale=C"]


def in_child(identity: Identity) -> Callable[[], None]:
    """What runs between fork and exec: take the identity on, then die with this process.

    In this order, since a change of credentials clears the parent-death signal, which also
    belongs to the parent's thread, not its process (prctl(2)). This process has one thread.
    """
    keeper = os.getpid()

    def prepare() -> None:
        identity.assume()
        if sys.platform == "linux":
            ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGINT)
            if os.getppid() != keeper:
                os._exit(1)

    return prepare


def keep(order: Order, identity: Identity) -> None:
    """Announce the server when it accepts connections, and stop it when nobody needs it."""
    launcher = os.getppid()
    exited, held_by_server = os.pipe()
    server = launch(order, identity, held_by_server)
    os.close(held_by_server)
    announced = False
    while True:
        if not announced and is_ready(order, server.pid):
            announced = True
            with contextlib.suppress(BrokenPipeError):
                print(f"ready {server.pid}", flush=True)
        # The launcher's forks may hold standard input open after it, hence the look at its id.
        wake, _, _ = select.select([sys.stdin, exited], [], [], 1.0 if announced else 0.02)
        if sys.stdin in wake or os.getppid() != launcher:
            stop(server)
            for directory in order.throwaway:
                shutil.rmtree(directory, ignore_errors=True)
            return
        if exited in wake:
            status = server.wait()
            if announced:
                return
            sys.exit(f"postgres exited with {status}:\n{order.log.read_text()[-2000:]}")


def launch(order: Order, identity: Identity, held_by_server: int) -> subprocess.Popen[bytes]:
    settings = order.settings | {
        "unix_socket_directories": f'"{order.socket_dir}"',
        "unix_socket_permissions": "0700",
    }
    options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    with order.log.open("ab") as log:
        return subprocess.Popen(
            [f"{order.binaries}/postgres", "-D", str(order.cluster), *options],
            preexec_fn=in_child(identity),
            pass_fds=[held_by_server],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )


def is_ready(order: Order, pid: int) -> bool:
    """postmaster.pid begins with the process id and ends with the status (miscadmin.h).

    The id tells it from a file that a server left when it was killed.
    """
    try:
        lines = (order.cluster / "postmaster.pid").read_text().splitlines()
    except OSError:
        return False
    return len(lines) > 7 and lines[0] == str(pid) and lines[7].strip() == "ready"


def stop(server: subprocess.Popen[bytes]) -> None:
    for request in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
        server.send_signal(request)
        with contextlib.suppress(subprocess.TimeoutExpired):
            server.wait(SHUTDOWN_PATIENCE)
            return


if __name__ == "__main__":
    main()
