"""The German of the pages in letters that no page would have by itself, to find all other words.

Every message of the catalogues appears in full-width letters, except for what is put into it. A
word of a page in plain letters is data, or a text that nobody can translate.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from html.parser import HTMLParser
from typing import Any, Final

import pytest
from django.utils import translation
from django.utils.safestring import SafeData, mark_safe
from django.utils.translation import trans_real

LANGUAGE: Final = "de"
_PLAIN: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_WIDE: Final = str.maketrans({each: chr(ord(each) + 0xFEE0) for each in _PLAIN})
_KEPT: Final = re.compile(r"(%(?:\(\w+\))?[sdrif]|%%|\{\w*\}|<code>.*?</code>|<[^>]*>|&\w+;)")
"""What a message has beside its words: places for values, and HTML."""
_SILENT: Final = frozenset({"script", "style", "code", "pre", "kbd", "datalist"})
"""Elements that hold data, or a language of their own; so do those with `lang="en"`."""
_SPOKEN: Final = frozenset({"title", "aria-label", "placeholder", "alt", "data-label"})
_OF_SCRIPTS: Final = re.compile("data-pgj-(on|off|done|all|one|many|label)")
"""Attributes that a browser or a script shows."""
_EMPTY: Final = frozenset({"input", "br", "img", "meta", "link", "hr", "col", "wbr", "source"})


def disguised(text: Any) -> Any:
    """Return a message in full-width letters, with its places for values as they are."""
    parts = _KEPT.split(str(text))
    said = "".join(
        part if number % 2 else part.translate(_WIDE) for number, part in enumerate(parts)
    )
    return mark_safe(said) if isinstance(text, SafeData) else said


@contextmanager
def disguise(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Show each message in disguise for which there is German, and each other one as it is."""
    catalogue = trans_real.translation(LANGUAGE)._catalog  # type: ignore[attr-defined]

    def known(*keys: str) -> bool:
        return any(each in catalogue or (each, 0) in catalogue for each in keys)

    def instead(name: str, key: Callable[..., str]) -> None:
        real = getattr(trans_real, name)

        def said(*given: Any) -> Any:
            text = real(*given)
            return disguised(text) if known(key(*given)) else text

        monkeypatch.setattr(translation._trans, name, said)  # type: ignore[attr-defined]

    instead("gettext", lambda message: message.replace("\r\n", "\n"))
    instead("ngettext", lambda singular, plural, number: singular)
    instead("pgettext", lambda context, message: f"{context}\x04{message}")
    instead("npgettext", lambda context, singular, plural, number: f"{context}\x04{singular}")
    yield


class Spoken(HTMLParser):
    """The texts of a page that somebody sees or hears."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.texts: list[str] = []
        self._silent: list[str] = []

    @classmethod
    def of(cls, html: str) -> list[str]:
        page = cls()
        page.feed(html)
        page.close()
        return page.texts

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if self._silent:
            if tag not in _EMPTY:
                self._silent.append(tag)
            return
        given = {name: value or "" for name, value in attrs}
        self.texts += [
            value for name, value in given.items() if name in _SPOKEN or _OF_SCRIPTS.fullmatch(name)
        ]
        if tag == "input" and given.get("type") in ("submit", "button", "reset"):
            self.texts.append(given.get("value", ""))
        if tag in _SILENT or (given.get("lang") == "en" and tag != "html"):
            self._silent.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if self._silent and tag in self._silent:
            while self._silent.pop() != tag:
                pass

    def handle_data(self, data: str) -> None:
        if not self._silent and data.strip():
            self.texts.append(data.strip())
