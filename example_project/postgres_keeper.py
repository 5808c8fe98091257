"""The keeper: a process between a launcher and its PostgreSQL, which starts and stops the server.

`postgres.py`, the launcher, runs this file as a program. The only argument is the order, as JSON.
The launcher holds the other end of standard input. When that end closes or sends `stop`, or when
the launcher is gone, the keeper stops the server and removes the temporary directories. The keeper
is a separate process so that it can do this after a `kill -9` of the launcher, and so that the end
of the launcher's thread which started the server does not stop the server.
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

# From linux/sched.h and linux/prctl.h. os.unshare() exists only since Python 3.12.
CLONE_NEWUSER = 0x10000000
PR_SET_PDEATHSIG = 1

# Seconds; long enough for the server of a launcher that was just killed to stop.
LOCK_PATIENCE = 3.0
SHUTDOWN_PATIENCE = 15.0  # Seconds for each of a fast stop, an immediate stop and a kill.


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
    """The user that PostgreSQL runs as.

    PostgreSQL refuses to run as root; see "The PostgreSQL User Account" in its manual.
    """

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
    """Lock the data directory until this process ends.

    Exits if another server holds the lock. Unlike a lock file, this lock cannot outlive its
    process.
    """
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
        f"nobody cannot read {order.binaries}. Install PostgreSQL where all users may read it, run "
        "as another user, or set DATABASE_URL to the address of a server."
    )


def can_run(order: Order, assume: Callable[[], None]) -> bool:
    command = [f"{order.binaries}/postgres", "--version"]
    try:
        subprocess.run(command, preexec_fn=assume, check=True, capture_output=True)
    except (OSError, subprocess.SubprocessError):
        return False
    return True


def enter_namespace() -> None:
    """Become nobody in a user namespace. For the file system the process is still root.

    So no file has to change its owner or mode. See user_namespaces(7): "deny" must be written to
    setgroups before gid_map.
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
    """Create the cluster under another name, and rename it when it is complete.

    Otherwise, after a kill in the middle of initdb, the next start would use half a cluster.

    The server trusts its unix socket, which only its owner can reach. It refuses every network
    address: with trust, a server that listens on one would give any user a superuser.
    """
    unfinished = order.cluster.with_name("cluster.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    command = [f"{order.binaries}/initdb", "-D", str(unfinished), "-U", "postgres"]
    command += ["--auth-local=trust", "--auth-host=reject", "-E", "UTF8"]
    command += ["--no-sync", "--no-instructions", *locale_options(order)]
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
    """Return options of initdb that give the same collation on every machine.

    The builtin locale provider exists since PostgreSQL 17.
    """
    command = [f"{order.binaries}/initdb", "--version"]
    version = re.search(r"\d+", subprocess.check_output(command, text=True))
    if version and int(version[0]) >= 17:
        return ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    return ["--locale=C"]


def in_child(identity: Identity) -> Callable[[], None]:
    """Return a function to run between fork and exec. It assumes `identity`, and then asks Linux to
    interrupt the child when this process dies.

    The order matters: a change of credentials clears the parent-death signal. That signal is sent
    when the parent's thread ends, not its process; this process has one thread. See prctl(2).
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
    """Run the server: announce it when it accepts connections, and stop it when the launcher asks
    for that or is gone. Return early if the server ends by itself."""
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
        # A fork of the launcher may keep standard input open after the launcher's end, so the id of
        # the parent process is checked too.
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
    """Return whether the server `pid` accepts connections.

    postmaster.pid begins with the process id and ends with the status (miscadmin.h). A killed
    server leaves its postmaster.pid behind; the process id shows that the file belongs to this
    server.
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
