"""``python -m benchmarks.peers [--quick] [name ...]``: drains by the peers alone.

The exit code is 1 if a peer failed.
"""

from __future__ import annotations

import argparse
import signal
import sys
import tempfile
from pathlib import Path

from benchmarks import server
from benchmarks.peers.catalogue import PEERS
from benchmarks.peers.peer import Peer


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.peers", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="20,000 jobs, not 200,000")
    parser.add_argument("names", nargs="*", metavar="name", help=", ".join(PEERS))
    options = parser.parse_args()
    if unknown := set(options.names) - set(PEERS):
        parser.error(f"no peer is named {', '.join(sorted(unknown))}: {', '.join(PEERS)}")
    # SIGTERM would end this process without a cleanup, and leave its workers and its Redis running.
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    peers = [PEERS[name] for name in options.names] or list(PEERS.values())
    failed = False
    with server.running() as url:
        for peer in peers:
            try:
                found = _drained(peer, 20_000 if options.quick else 200_000, url)
            except (
                Exception
            ) as error:  # One peer's trouble must not hide the figures of the others.
                failed, found = True, f"{'failed':>7}     {error}"
            print(f"{peer.name:<16} {peer.language:<7} {peer.broker:<11} {found}", flush=True)
    return int(failed)


def _drained(peer: Peer, of: int, url: str) -> str:
    if reason := peer.missing():
        return f"{'none':>7}     {reason}"
    jobs = peer.jobs(of)
    with tempfile.TemporaryDirectory(prefix="peer-") as scratch:
        rate = peer.drain(jobs, url, Path(scratch))
    return f"{rate:>7,.0f}/s   {jobs:,} jobs; {peer.settings}"


if __name__ == "__main__":
    sys.exit(main())
