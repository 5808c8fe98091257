"""A network namespace that is joined to this machine by a pair of virtual interfaces alone.

Its addresses are of ranges for documentation and benchmarks (RFC 5737, RFC 2544). Some machines use
even these, for instance for their gateway, so the namespace takes a range that is unknown on this
machine.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from contextlib import suppress
from pathlib import Path
from typing import Final

_RANGES: Final = ("198.51.100.", "203.0.113.", "198.18.119.", "192.0.2.")
_NOBODY: Final = "02:00:00:00:00:99"


class Namespace:
    """While it is cut off, it is like a machine with a pulled cable: packets arrive nowhere, and
    neither end gets an error."""

    def __init__(self) -> None:
        self._name = f"pgjobs-chaos-{os.getpid()}"
        self._interface = f"pgc{os.getpid()}"
        self.here = self.inside = ""

    def build(self) -> str:
        """Return the reason why the namespace can't be built; empty if it was built."""
        if os.geteuid() != 0:
            return "network namespaces need root"
        if shutil.which("ip") is None:
            return "there is no iproute2"
        unused = next((prefix for prefix in _RANGES if not _is_known(prefix)), None)
        if unused is None:
            return "no range of addresses is surely unused on this machine"
        self.here, self.inside = f"{unused}1", f"{unused}2"
        try:
            self._build()
        except subprocess.CalledProcessError as error:
            self.remove()
            return f"{' '.join(error.cmd)}: {error.stderr.decode().strip()}"
        return ""

    def _build(self) -> None:
        _ip("netns", "add", self._name)
        peer = ("peer", "name", "server", "netns", self._name)
        _ip("link", "add", self._interface, "type", "veth", *peer)
        _ip("address", "add", f"{self.here}/30", "dev", self._interface)
        _ip("link", "set", self._interface, "up")
        _ip("-n", self._name, "address", "add", f"{self.inside}/30", "dev", "server")
        for interface in ("server", "lo"):
            _ip("-n", self._name, "link", "set", interface, "up")

    def remove(self) -> None:
        with suppress(subprocess.CalledProcessError, OSError):
            _ip("netns", "delete", self._name)

    @property
    def prefix(self) -> list[str]:
        """The words in front of a command that run it inside."""
        return ["ip", "netns", "exec", self._name]

    def cut(self) -> None:
        # Both ends send to a hardware address that does not exist. Neither end gets an error, which
        # it would get from an interface that goes down, so connections are half open until one end
        # gives up.
        permanent = ("lladdr", _NOBODY, "nud", "permanent")
        _ip("neighbour", "replace", self.inside, "dev", self._interface, *permanent)
        _ip("-n", self._name, "neighbour", "replace", self.here, "dev", "server", *permanent)

    def join(self) -> None:
        _ip("neighbour", "delete", self.inside, "dev", self._interface)
        _ip("-n", self._name, "neighbour", "delete", self.here, "dev", "server")


def _is_known(prefix: str) -> bool:
    """Return whether this machine knows an address of the range: as its own, a gateway, a
    neighbour, a name server or a proxy, or in a network that it has a route to."""
    routes = _ip("-4", "route", "show", "match", f"{prefix}1")
    if any(not line.startswith("default") for line in routes.splitlines()):
        return True
    listed = [_ip("-4", "address"), _ip("-4", "route", "show", "table", "all"), _ip("neighbour")]
    files = [Path(name) for name in ("/etc/resolv.conf", "/etc/hosts")]
    listed += [file.read_text() for file in files if file.exists()]
    return any(prefix in text for text in (*listed, *os.environ.values()))


def _ip(*arguments: str) -> str:
    done = subprocess.run(["ip", *arguments], check=True, capture_output=True)
    return done.stdout.decode()
