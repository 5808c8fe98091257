"""Texts on the screen of ``top`` are as wide as their place, for any text of a job."""

from __future__ import annotations

from datetime import timedelta

import pytest

pytest.importorskip("textual", reason="needs the extra 'tui'")

from rich.cells import cell_len

from pgjobs.cli.top.texts import fitted, lines_of, short, shortened, words


@pytest.mark.parametrize("width", range(1, 12))
@pytest.mark.parametrize(
    "text", ["", "plain", "a long text", "漢字漢字漢字", "👩‍🚀👩‍🚀👩‍🚀👩‍🚀", "e\u0301" * 9]
)
def test_a_text_fills_its_place(text: str, width: int) -> None:
    shown = words(text)

    assert cell_len(fitted(shown, width)) == cell_len(fitted(shown, width, right=True)) == width


def test_a_text_that_is_cut_says_so() -> None:
    assert fitted("reports", 5) == "repo…"
    assert fitted("low", 5) == "low  "
    assert fitted("low", 5, right=True) == "  low"
    assert shortened("abcdef", 4) == "abcd… and 2 more characters"


def test_no_character_steers_the_terminal() -> None:
    assert words("a\x1b[31m\n\u202e") == r"a\x1b[31m\n\u202e"
    assert lines_of("one\ttwo\r\n\x07three") == ["one two", r"\x07three"]


@pytest.mark.parametrize(
    ("seconds", "text"), [(-1, "0.0 s"), (3.14159, "3.1 s"), (59.96, "60.0 s"), (61, "1 min 1 s")]
)
def test_short_spans_have_tenths(seconds: float, text: str) -> None:
    assert short(timedelta(seconds=seconds)) == text
