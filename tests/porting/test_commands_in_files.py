"""`manage.py pgjobs port` finds commands in the shapes that containers and services give them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.porting.test_odd_files import write

Run = Callable[..., Any]

NETBOX = "/opt/netbox/venv/bin/python /opt/netbox/netbox/manage.py pgjobs_worker"
WORKER = "python manage.py pgjobs_worker"


def told(pgjobs: Run, path: Path, text: str) -> list[tuple[int, str]]:
    """Return the line and the advice of each finding in a file with this text."""
    rows = pgjobs("port", "--json", write(path, text)).json
    for row in rows:
        line = text.splitlines()[row["line"] - 1]
        assert line[row["column"] - 1 :].startswith(row["old"].split()[0].rstrip("…"))
    return [(row["line"], row["new"]) for row in rows]


YAML = {
    "a list of words": (
        "services:\n  worker:\n    command:\n      - celery\n      - -A\n      - shop\n"
        '      - worker\n      - "-Q"\n      - "high,low"\n    depends_on:\n      - celery\n',
        [(4, f"{WORKER} high low")],
    ),
    "a list that is not indented": (
        "command:\n- /opt/netbox/venv/bin/python\n- /opt/netbox/netbox/manage.py\n- rqworker\n"
        "- high\nports: []\n",
        [(2, f"{NETBOX} high")],
    ),
    "an entrypoint with its command": (
        "entrypoint:\n- python\n- manage.py\ncommand:\n- rqworker\n- plug.sync\n",
        [(2, f"{WORKER} plug.sync")],
    ),
    "a command with its args": (
        'containers:\n- command: ["celery", "-A", "shop"]\n  args: [worker, -c, "4"]\n',
        [(2, f"{WORKER} --concurrency 4")],
    ),
    "a list in brackets over several lines": (
        'command:\n  [\n    "python",\n    "manage.py",\n    "rqworker",\n    "low",\n  ]\n',
        [(3, f"{WORKER} low")],
    ),
    "a folded text": (
        "command: >-\n  python manage.py rqworker\n  high\n",
        [(2, f"{WORKER} high")],
    ),
    "a plain text": (
        "command: celery -A shop\n  worker -c 2\n",
        [(1, f"{WORKER} --concurrency 2")],
    ),
    "a script": (
        "command: |\n  python manage.py migrate\n  python manage.py rqworker high\n",
        [(3, f"{WORKER} high")],
    ),
    "a list of scripts": (
        "script:\n  - celery -A shop worker\n  - celery -A shop beat\n",
        [(2, WORKER), (3, "remove it")],
    ),
}


@pytest.mark.parametrize("shape", YAML)
def test_a_command_in_yaml_is_read_whole(shape: str, tmp_path: Path, pgjobs: Run) -> None:
    text, expected = YAML[shape]

    assert told(pgjobs, tmp_path / "compose.yaml", text) == expected


def test_each_command_of_a_line_is_read_for_itself(tmp_path: Path, pgjobs: Run) -> None:
    text = (
        "python manage.py rqworker-pool default --num-workers 4 &\n"
        "celery -A shop worker -c 2 & celery -A shop beat; celery -A shop flower\n"
        "python manage.py migrate && exec python manage.py rqworker > log.txt 2>&1\n"
    )

    assert told(pgjobs, tmp_path / "run.sh", text) == [
        (1, f"{WORKER} default --processes 4"),
        (2, f"{WORKER} --concurrency 2"),
        (2, "remove it"),
        (2, "the pages of pgjobs in the admin"),
        (3, f"{WORKER} > log.txt 2>&1"),
    ]


@pytest.mark.parametrize(
    "line",
    [
        "    image: shop/celery-worker:latest  # the celery worker",
        "  - name: Restart celery worker",
        "  celery-worker:",
        "    container_name: celery worker",
        "Description=celery worker of the shop",
        "echo 'starting celery worker'",
        "\t@printf 'celery beat'",
        "depends_on: [celery, worker]",
        "path: /var/log/my-celery worker",
    ],
)
def test_words_that_only_look_like_a_command_are_left_alone(
    line: str, tmp_path: Path, pgjobs: Run
) -> None:
    for name in ("ci.yaml", "Makefile", "celery.service"):
        assert told(pgjobs, tmp_path / name, f"{line}\n") == []


def test_a_command_over_several_lines_stands_where_it_begins(tmp_path: Path, pgjobs: Run) -> None:
    text = "[Service]\nExecStart=/bin/python3 \\\n    /srv/manage.py \\\n    rqworker low\n"

    assert told(pgjobs, tmp_path / "rq.service", text) == [
        (2, "/bin/python3 /srv/manage.py pgjobs_worker low")
    ]


def test_settings_of_the_environment_are_told_without_their_values(
    tmp_path: Path, pgjobs: Run
) -> None:
    text = "DEBUG=1\nexport CELERY_BROKER_URL=redis://:secret@host\n# RQ_API_TOKEN=x\n"

    assert told(pgjobs, tmp_path / ".env", text) == [(2, "remove it")]
    assert "secret" not in pgjobs("port", tmp_path).out
