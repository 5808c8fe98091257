"""JSON values as a tree to open and to copy, whatever is in them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from django.apps import apps
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from pgjobs import codec
from pgjobs.access import MASK
from pgjobs.models.json_field import UnreadableJSON
from pgjobs.pages import numbers

MOST_NODES: Final = 500
"""Values that a tree shows."""
DEEPEST: Final = 30
LONGEST: Final = 2000
"""Characters of a text that a tree shows."""
LONGEST_JSON: Final = 100_000
"""Characters of JSON that can be copied."""

Linker = Callable[[str, Any], str | None]
"""Returns the address of an object's page, by its model's label and its key."""


@dataclass(frozen=True, slots=True)
class Value:
    """A titled value of a job."""

    key: str
    title: str
    tree: SafeString
    json: str
    is_cut: bool
    size: int


def value_of(key: str, title: str, value: Any, link: Linker) -> Value:
    """Return a value as a tree and as JSON."""
    text = pretty(value)
    tree = _Tree(link).shown(value)
    return Value(key, title, tree, text[:LONGEST_JSON], len(text) > LONGEST_JSON, len(text))


def pretty(value: Any) -> str:
    """Return a value as indented JSON."""
    try:
        return json.dumps(value, indent=2, ensure_ascii=False, default=str)
    except (RecursionError, ValueError):
        return _("This value is nested too deeply to be shown.")


@dataclass(slots=True)
class _Tree:
    link: Linker
    nodes: int = field(default=0)

    def shown(self, value: Any, depth: int = 0) -> SafeString:
        self.nodes += 1
        if isinstance(value, UnreadableJSON):
            return _text(str(value), quote=False)
        if isinstance(value, dict) and len(value) == 1 and codec.TAGS.issuperset(value):
            return self._typed(*next(iter(value.items())), depth)
        if isinstance(value, dict | list):
            return self._container(value, depth)
        return _scalar(value)

    def _typed(self, tag: str, body: Any, depth: int) -> SafeString:
        if tag == "$model" and _is_reference(body):
            return self._reference(*body)
        if tag == "$dict" and isinstance(body, dict):
            return self._container(body, depth)
        if isinstance(body, str):
            return format_html('{} <span class="pgj-muted">{}</span>', _text(body), tag[1:])
        return self._container({tag: body}, depth)

    def _reference(self, label: str, key: Any) -> SafeString:
        href = self.link(label, key)
        named = f"{label}:{key if isinstance(key, int | str) else pretty(key)}"
        return format_html('<a href="{}">{}</a>', href, named) if href else format_html("{}", named)

    def _container(self, value: Any, depth: int) -> SafeString:
        if not value:
            return format_html('<span class="pgj-muted">{}</span>', "{}" if value == {} else "[]")
        if depth >= DEEPEST:
            return format_html('<span class="pgj-muted">{}</span>', _("… nested deeper"))
        items = list(value.items()) if isinstance(value, dict) else list(enumerate(value))
        body = format_html_join("", "<li><b>{}</b> {}</li>", self._items(items, depth))
        return format_html("<ul>{}</ul>", body)

    def _items(self, items: list[tuple[Any, Any]], depth: int) -> Iterator[tuple[str, SafeString]]:
        for position, (key, item) in enumerate(items):
            if self.nodes >= MOST_NODES:
                more = _("%s more") % numbers.whole(len(items) - position)
                yield "", format_html('<span class="pgj-muted">… {}</span>', more)
                return
            yield str(key)[:200], self.shown(item, depth + 1)


def _scalar(value: Any) -> SafeString:
    if value == MASK and isinstance(value, str):
        return format_html('<span class="pgj-redacted">{}</span>', _("redacted"))
    if isinstance(value, str):
        return _text(value)
    try:
        said = json.dumps(value)
    except ValueError:  # a number of too many digits
        said = _("a number too long to be shown")
    return format_html('<code class="pgj-literal">{}</code>', said[:LONGEST])


def _text(value: str, *, quote: bool = True) -> SafeString:
    if value == "" and quote:
        return format_html('<span class="pgj-muted">{}</span>', _("empty text"))
    if len(value) <= LONGEST:
        return format_html('<span class="pgj-text">{}</span>', value)
    more = _("… %s characters in all") % numbers.whole(len(value))
    return format_html(
        '<span class="pgj-text">{}</span> <span class="pgj-muted">{}</span>', value[:LONGEST], more
    )


def _is_reference(body: Any) -> bool:
    if not (isinstance(body, list) and len(body) == 2 and isinstance(body[0], str)):
        return False
    try:
        apps.get_model(body[0])
    except (LookupError, ValueError):
        return False
    return True
