"""``PGJOBS``: every key is optional, and every mistake is named."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import pytest
import pytest_django
from django.core.exceptions import ImproperlyConfigured

from pgjobs.conf import Settings, find_problems, get_settings


def test_settings_without_a_key_have_the_defaults(settings: pytest_django.Settings) -> None:
    settings.PGJOBS = {"CONCURRENCY": 3}  # sends setting_changed, which a deletion does not
    del settings.PGJOBS

    assert get_settings() == Settings()


def test_a_key_that_is_set_leaves_the_others_at_their_defaults(
    settings: pytest_django.Settings,
) -> None:
    settings.PGJOBS = {"DEFAULT_TIMEOUT": 7}

    assert asdict(get_settings()) == {**asdict(Settings()), "DEFAULT_TIMEOUT": 7}


def test_a_changed_setting_is_read_at_once(settings: pytest_django.Settings) -> None:
    settings.PGJOBS = {"CONCURRENCY": 2}
    before = get_settings().CONCURRENCY
    settings.PGJOBS = {"CONCURRENCY": 3}

    assert (before, get_settings().CONCURRENCY) == (2, 3)


def test_the_defaults_are_sound() -> None:
    assert find_problems(asdict(Settings())) == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("QUEUE_MAPPINGS", ["low"]),
        ("QUEUE_MAPPINGS", {"site": 7}),
        ("DEFAULT_TIMEOUT", "300"),
        ("DEFAULT_TIMEOUT", 0),
        ("DEFAULT_TIMEOUT", True),
        ("DEFAULT_TIMEOUT", 1.5),
        ("DEFAULT_NOTIFICATIONS", "sometimes"),
        ("DEFAULT_NOTIFICATIONS", None),
        ("NOTIFIER", print),
        ("DEFAULT_TIMEOUT", 10**15),
        ("JOB_RETENTION", -1),
        ("JOB_RETENTION", 3_000_000),
        ("CONCURRENCY", 0),
        ("CONCURRENCY", 10**6),
        ("SHUTDOWN_TIMEOUT", 0),
        ("POLL_INTERVAL", "1s"),
        ("HEARTBEAT_INTERVAL", -5),
        ("HEARTBEAT_TIMEOUT", False),
        ("HEARTBEAT_TIMEOUT", 1),
        ("MAX_INTERRUPTIONS", 0),
        ("MAX_INTERRUPTIONS", 2**31),
        ("CODE_VERSION", "a\0"),
        ("CODE_VERSION", "caf\udce9"),
        ("REDACT", ["a\0"]),
        ("REDACT", ["pin", "caf\udce9"]),
    ],
)
def test_a_setting_of_the_wrong_type_or_range_is_refused_by_name_and_value(
    name: str, value: Any
) -> None:
    (problem,) = find_problems({name: value})

    assert name in problem
    assert repr(value) in problem


@pytest.mark.parametrize(
    "given",
    [{"HEARTBEAT_TIMEOUT": 6}, {"HEARTBEAT_INTERVAL": 7.5}],
)
def test_an_interval_that_leaves_a_worker_fenced_before_each_beat_is_refused(
    given: dict[str, Any],
) -> None:
    (problem,) = find_problems(given)

    assert "'HEARTBEAT_INTERVAL'" in problem
    assert "'HEARTBEAT_TIMEOUT'" in problem


def test_one_missed_beat_does_not_fence_a_worker_with_the_defaults() -> None:
    assert 2 * Settings().HEARTBEAT_INTERVAL < Settings().HEARTBEAT_TIMEOUT / 2


def test_a_retention_of_zero_is_allowed() -> None:
    assert find_problems({"JOB_RETENTION": 0}) == []


def test_an_unknown_setting_is_refused_and_the_known_ones_are_listed(
    settings: pytest_django.Settings,
) -> None:
    settings.PGJOBS = {"TIMEOUT": 300}

    with pytest.raises(ImproperlyConfigured, match=r"'TIMEOUT'.* CONCURRENCY, .*DEFAULT_TIMEOUT"):
        get_settings()


def test_a_misspelt_setting_is_refused_and_the_nearest_one_is_named() -> None:
    assert "is not a setting. Did you mean CONCURRENCY? The" in find_problems({"CONCURENCY": 3})[0]
    assert "is not a setting. The" in find_problems({7: 3})[0]


def test_several_wrong_settings_are_told_together(settings: pytest_django.Settings) -> None:
    settings.PGJOBS = {"TIMEOUT": 300, "CONCURRENCY": 0}

    with pytest.raises(ImproperlyConfigured) as refusal:
        get_settings()

    assert len(str(refusal.value).splitlines()) == 2


def test_settings_that_are_not_a_dict_are_refused() -> None:
    assert find_problems([]) == ["PGJOBS must be a dict, not list."]


@pytest.mark.parametrize("token", [None, b"secret-bytes", "a secret", "sécret", "secret\n"])
def test_a_token_that_no_header_can_carry_is_refused_without_showing_it(token: Any) -> None:
    assert find_problems({"METRICS_TOKEN": token}) == [
        "PGJOBS['METRICS_TOKEN'] must be a string of ASCII characters without spaces."
    ]
