"""Checks that a project adds to those of the doctor."""

from __future__ import annotations

import types
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError
from django.utils import timezone

from pgjobs.doctor import Finding, Severity, examine, own_checks, register
from pgjobs.models import Job, Pause
from tests.support.markdown import DOCS, blocks
from tests.support.rows import a_job
from tests.support.sql import query

pytestmark = pytest.mark.django_db

Run = Callable[..., Any]


@pytest.fixture(autouse=True)
def checks(nothing_of_other_tests: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(own_checks, "_checks", {})


def a_finding(about: str, severity: Severity = Severity.WARNING) -> Finding:
    return Finding(severity, about, "evidence", "remedy")


def named(*names: str) -> list[Finding]:
    """Return the findings with these names, in the order of the doctor."""
    return [each for each in examine() if each.about in names]


@pytest.mark.parametrize(("severity", "code"), [("NOTE", 0), ("WARNING", 1), ("CRITICAL", 3)])
def test_a_finding_of_an_own_check_is_shown_and_decides_the_exit_code(
    pgjobs: Run, severity: str, code: int
) -> None:
    @register
    def cold_tea(using: str) -> list[Finding]:
        assert using == "default"
        return [Finding(Severity[severity], "cold tea", "20 °C", "Brew some.")]

    ran = pgjobs("doctor", "--json")

    assert ran.code == code
    assert {
        "severity": severity.lower(),
        "about": "cold tea",
        "evidence": "20 °C",
        "remedy": "Brew some.",
    } in ran.json


def test_the_findings_of_own_checks_and_of_the_doctor_are_sorted_by_severity() -> None:
    register(lambda using: [a_finding("a note", Severity.NOTE)])
    register(lambda using: [a_finding("the worst", Severity.CRITICAL)])
    a_job(queue_name="low")

    found = named("a note", "the worst", "unserved queue")

    assert found[-1].about == "a note"
    assert {each.about for each in found[:2]} == {"the worst", "unserved queue"}


def test_a_check_that_is_registered_twice_is_asked_once() -> None:
    def check(using: str) -> list[Finding]:
        return [a_finding("once")]

    register(register(check))

    assert len(named("once")) == 1


def test_a_check_that_raises_is_a_finding_and_harms_no_other_check() -> None:
    @register
    def breaks(using: str) -> Iterator[Finding]:
        yield a_finding("found before")
        raise ValueError("no\nnumber")

    register(lambda using: [a_finding("found by another")])
    a_job(queue_name="low")

    *_, broken = named("broken check")

    assert broken.severity == Severity.WARNING
    assert "breaks raised ValueError: no number" in broken.evidence
    others = named("found before", "found by another", "unserved queue")
    assert len(others) == 3


def test_a_statement_that_fails_in_a_check_leaves_the_next_check_a_sound_transaction() -> None:
    @register
    def misspells(using: str) -> list[Finding]:
        query("SELECT nothing_like_it")
        return []

    @register
    def counts(using: str) -> list[Finding]:
        return [a_finding(f"{Job.objects.using(using).count()} jobs")]

    (broken,) = named("broken check")
    assert "nothing_like_it" in broken.evidence
    assert len(named("0 jobs")) == 1


def test_a_check_can_not_write_and_its_caller_still_can() -> None:
    @register
    def writes(using: str) -> list[Finding]:
        Pause.objects.using(using).create(kind="queue", name="low")
        return []

    (broken,) = named("broken check")

    assert "read-only transaction" in broken.evidence
    assert not Pause.objects.exists()
    Pause.objects.create(kind="queue", name="high")


def test_a_check_that_swallows_an_error_of_the_database_harms_no_other_check() -> None:
    @register
    def swallows(using: str) -> list[Finding]:
        try:
            query("SELECT nothing_like_it")
        except DatabaseError:
            return [a_finding("swallowed")]
        return []

    register(lambda using: [a_finding(f"{Job.objects.count()} jobs")])

    assert len(named("swallowed", "0 jobs")) == 2


@pytest.mark.parametrize("found", [None, ["a text"], 5])
def test_a_check_that_finds_no_findings_is_broken(found: Any) -> None:
    register(lambda using: found)

    (broken,) = named("broken check")

    assert "TypeError" in broken.evidence


async def _is_async(using: str) -> list[Finding]:
    return []


@pytest.mark.parametrize(
    ("check", "message"),
    [
        ("late", "register\\(\\) takes a function that yields findings, not 'late'"),
        (Finding, "takes a function"),
        (_is_async, "_is_async is async"),
        (lambda: [], "must take one argument, the alias of the database"),
        (lambda using, other: [], "must take one argument"),
    ],
)
def test_a_wrong_check_is_refused_where_it_is_registered(check: Any, message: str) -> None:
    with pytest.raises(TypeError, match=message):
        register(check)
    assert own_checks.registered() == []


def test_the_check_on_the_page_finds_that_no_export_has_completed(pgjobs: Run) -> None:
    (block,) = [
        each for each in blocks(DOCS / "observability.md") if each.title == "shop/doctor.py"
    ]
    exec(compile(block.text, block.title, "exec"), types.ModuleType("shop.doctor").__dict__)
    assert named("late export")[0].severity == Severity.CRITICAL

    a_job("completed", job_class="shop.jobs.Export", completed=timezone.now() - timedelta(days=1))

    assert named("late export") == []
