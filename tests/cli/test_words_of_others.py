"""Words on a command line may be any bytes, and texts of others may steer a terminal."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.support.requirements import needs
from tests.support.rows import a_job
from tests.support.sql import query

pytestmark = pytest.mark.django_db

Run = Callable[..., Any]

NOT_UTF_8 = "caf\udce9"
CSI = "\x9b2J"
"""The control sequence that clears a terminal, by the one character that begins such a sequence."""


@pytest.mark.parametrize("verb", ["pause", "resume"])
@pytest.mark.parametrize("words", [[NOT_UTF_8], ["--job-class", NOT_UTF_8]])
def test_a_subject_that_is_not_utf_8_is_refused_in_words(
    pgjobs: Run, verb: str, words: list[str]
) -> None:
    ran = pgjobs(verb, *words)

    assert ran.code == 1
    assert r"\udce9" in ran.errors


@pytest.mark.parametrize("verb", ["drain", "restart"])
def test_a_worker_that_is_not_utf_8_is_refused_in_words(pgjobs: Run, verb: str) -> None:
    ran = pgjobs(verb, NOT_UTF_8)

    assert ran.code == 2
    assert ran.errors.endswith(r"No worker has the id or the name caf\udce9.")


@pytest.mark.parametrize("words", [["1"], ["--queue", "default", "--yes", "--here"]])
def test_what_a_trigger_says_can_not_steer_the_terminal(pgjobs: Run, words: list[str]) -> None:
    a_job(id=1)
    query(
        "CREATE FUNCTION house_refuses() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE 'no: %', E'\\x1b[2J'; END $$"
    )
    query(
        "CREATE TRIGGER house BEFORE UPDATE ON pgjobs_job "
        "FOR EACH ROW EXECUTE FUNCTION house_refuses()"
    )

    ran = pgjobs("cancel", *words)

    assert r"no: \x1b[2J" in ran.errors
    assert "\x1b" not in ran.errors


def test_the_names_of_files_can_not_steer_the_terminal(pgjobs: Run, tmp_path: Path) -> None:
    (tmp_path / "a\x1b[2J.py").write_bytes(b"\0")

    ran = pgjobs("port", tmp_path)

    assert r"a\x1b[2J.py: not a text" in ran.errors
    assert "\x1b" not in ran.errors


def test_a_document_has_escapes_for_what_does_not_print(pgjobs: Run) -> None:
    job = a_job("errored", name=f"å {CSI}", error="\u202egnp.exe", data={"a": CSI})

    for words in (["show", job.pk], ["list"]):
        ran = pgjobs(*words, "--json")
        document = ran.json if words[0] == "show" else ran.json[0]
        assert document["name"] == f"å {CSI}"
        assert all(map(str.isprintable, ran.out.split("\n")))


@needs("prometheus_client", "prometheus")
def test_the_labels_of_metrics_can_not_steer_the_terminal(pgjobs: Run) -> None:
    from prometheus_client.parser import text_string_to_metric_families

    a_job(queue_name=f"å {CSI}\x1b[2J")

    ran = pgjobs("metrics")

    families = {each.name: each for each in text_string_to_metric_families(ran.out)}
    queues = {each.labels["queue"] for each in families["pgjobs_jobs"].samples}
    assert r"å \x9b2J\x1b[2J" in queues
    assert all(map(str.isprintable, ran.out.split("\n")))
