"""The German catalogue: complete, true to its places for values, and compiled."""

from __future__ import annotations

import io
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.mofile import read_mo
from babel.messages.pofile import read_po

import pgjobs
from tests.support.requirements import skip_or_fail

PACKAGE: Final = Path(pgjobs.__file__).parent
GERMAN: Final = PACKAGE / "locale" / "de" / "LC_MESSAGES"
PLACES: Final = re.compile(r"%(?:\(\w+\))?[a-z]|%%|\{\w*\}|<[^>]+>")
"""Places for values, percent signs, and HTML."""

Key = tuple[str | None, tuple[str, ...]]


def catalogue(path: Path) -> Catalog:
    return read_po(io.BytesIO(path.read_bytes()), locale="de")


def forms(text: str | tuple[str, ...] | list[str] | None) -> tuple[str, ...]:
    """Return the one form of a text, or those for one and for many; an empty one for None."""
    return (text or "",) if text is None or isinstance(text, str) else tuple(text)


def messages(of: Catalog) -> dict[Key, Message]:
    """Return the messages by their context and their texts, without the header."""
    return {(each.context, forms(each.id)): each for each in of if each.id}


@pytest.fixture(scope="module")
def german() -> Catalog:
    return catalogue(GERMAN / "django.po")


@pytest.fixture
def extracted(tmp_path: Path) -> Catalog:
    """Return the messages that `makemessages` finds in the package today."""
    if shutil.which("xgettext") is None:
        skip_or_fail("This machine lacks xgettext: install Debian's package gettext.")
    copy = tmp_path / "pgjobs"
    shutil.copytree(PACKAGE, copy, ignore=shutil.ignore_patterns("__pycache__", "locale", "static"))
    (copy / "locale").mkdir()
    command = [sys.executable, "-m", "django", "makemessages", "--locale", "de", "--no-location"]
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": ""}
    subprocess.run(command, cwd=copy, env=environment, check=True, capture_output=True, timeout=100)
    return catalogue(copy / "locale" / "de" / "LC_MESSAGES" / "django.po")


def test_each_message_of_the_package_has_german_and_no_other_message_has(
    extracted: Catalog, german: Catalog
) -> None:
    found, known = set(messages(extracted)), set(messages(german))
    assert found - known == set(), "Run `make german`, and translate these."
    assert known - found == set(), "Run `make german`: no page says these."


def test_each_message_is_translated_in_each_of_its_forms(german: Catalog) -> None:
    for key, message in messages(german).items():
        said = forms(message.string)
        assert len(said) == len(key[1]), key
        assert all(said), key
        assert not message.fuzzy, key
    assert not german.obsolete


def test_a_message_has_the_same_places_for_values_in_both_languages(german: Catalog) -> None:
    for (_context, texts), message in messages(german).items():
        for form in forms(message.string):
            # "hour" and "3 hours" differ: German has the places of the form for many, or less.
            allowed = [sorted(PLACES.findall(text)) for text in texts]
            assert sorted(PLACES.findall(form)) in allowed, (texts, form)
        # One form for each number: the last one tells the number if the English one does.
        last = sorted(PLACES.findall(forms(message.string)[-1]))
        assert last == sorted(PLACES.findall(texts[-1])), texts


def test_messages_begin_and_end_alike_in_both_languages(german: Catalog) -> None:
    for (_context, texts), message in messages(german).items():
        for text, form in zip(texts, forms(message.string), strict=True):
            for mark in (".", "…", "?", ":", " "):
                assert text.endswith(mark) == form.endswith(mark), (text, form)
            assert text.startswith(" ") == form.startswith(" "), (text, form)


def test_the_compiled_catalogue_is_that_of_the_text(german: Catalog) -> None:
    compiled = read_mo(io.BytesIO((GERMAN / "django.mo").read_bytes()))
    of_text = {key: forms(each.string) for key, each in messages(german).items()}
    of_binary = {key: forms(each.string) for key, each in messages(compiled).items()}
    assert of_binary == of_text, "Run `make german`."
    assert compiled.plural_expr == german.plural_expr


def test_the_text_is_sorted_and_names_no_lines_of_the_code(german: Catalog) -> None:
    lines = (GERMAN / "django.po").read_text().splitlines()
    assert [each for each in lines if each.startswith("#:") or "POT-Creation" in each] == []
    texts = [(each[1][0], each[0] or "") for each in messages(german)]
    assert texts == sorted(texts)
