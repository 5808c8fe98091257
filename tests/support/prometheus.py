"""A real Prometheus that scrapes a site on the loopback address, and its tool for rules."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final
from urllib.error import URLError
from urllib.parse import urlencode, urlsplit
from urllib.request import urlopen

import yaml

from tests.support.eventually import eventually
from tests.support.processes import die_with_parent
from tests.support.requirements import skip_or_fail

Series = list[dict[str, Any]]

INTERVAL: Final = "250ms"


def program(name: str) -> str:
    """Return the path of ``prometheus`` or ``promtool``; skip the test without it, fail in CI."""
    return shutil.which(name) or skip_or_fail(f"{name} is not installed")


def promtool(*arguments: object, text: str = "") -> str:
    """Run promtool on ``text``; return what it prints. Fails if it finds a fault."""
    done = subprocess.run(
        [program("promtool"), *map(str, arguments)],
        input=text,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


class Prometheus:
    """The answers of a running Prometheus."""

    def __init__(self, url: str) -> None:
        self._url = url

    def query(self, expression: str) -> Series:
        """Return the series of ``expression`` now. Raises HTTPError if it can't be evaluated."""
        found: Series = self._ask("query", {"query": expression})["result"]
        return found

    def rules(self) -> list[dict[str, Any]]:
        """Return the rules with the state of their last evaluation."""
        groups = self._ask("rules", {})["groups"]
        return [rule for group in groups for rule in group["rules"]]

    def answers(self) -> bool:
        try:
            return bool(self._ask("targets", {}))
        except URLError:
            return False

    def _ask(self, what: str, params: Mapping[str, str]) -> Any:
        with urlopen(f"{self._url}/api/v1/{what}?{urlencode(params)}", timeout=10) as answer:
            return json.load(answer)["data"]


@contextmanager
def prometheus(directory: Path, target: str, token: str, rules: Path) -> Iterator[Prometheus]:
    """Run a Prometheus that scrapes ``target`` with ``token`` and evaluates ``rules``."""
    address = urlsplit(target)
    configuration = {
        "global": {"scrape_interval": INTERVAL, "evaluation_interval": INTERVAL},
        "rule_files": [str(rules)],
        "scrape_configs": [
            {
                "job_name": "jobs",
                "scrape_timeout": INTERVAL,
                "metrics_path": address.path,
                "authorization": {"credentials": token},
                "static_configs": [{"targets": [address.netloc]}],
            }
        ],
    }
    file = directory / "prometheus.yml"
    file.write_text(yaml.safe_dump(configuration))
    listen = f"127.0.0.1:{_free_port()}"
    command = [
        program("prometheus"),
        f"--config.file={file}",
        f"--storage.tsdb.path={directory / 'data'}",
        f"--web.listen-address={listen}",
        "--log.level=warn",
    ]
    with (directory / "log").open("wb") as log:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, preexec_fn=die_with_parent
        )
    try:
        running = Prometheus(f"http://{listen}")
        eventually(running.answers)
        yield running
    finally:
        process.terminate()
        process.wait(20)


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
    return port
