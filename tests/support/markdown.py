"""The pages of the documentation, in pieces that tests can compare."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.support.environment import ROOT

DOCS = ROOT / "docs"
README = ROOT / "README.md"
PAGES = [*sorted(ROOT.glob("*.md")), *sorted(DOCS.rglob("*.md"))]

_BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block of code, with the language that it names."""

    language: str
    text: str

    @property
    def title(self) -> str:
        """The comment on the first line, such as the name of a file; empty without a comment."""
        first = self.text.partition("\n")[0]
        return first.removeprefix("# ") if first.startswith("# ") else ""


def blocks(page: Path, *languages: str) -> list[Block]:
    found = [Block(*match) for match in _BLOCK.findall(page.read_text())]
    return [block for block in found if not languages or block.language in languages]


def block_after(page: Path, marker: str) -> str:
    """Return the block of code that follows the comment ``<!-- marker -->``."""
    _, _, rest = page.read_text().partition(f"<!-- {marker} -->\n")
    match = _BLOCK.match(rest)
    assert match, f"{page.name} has no block after <!-- {marker} -->"
    return match[2]


def prose(page: Path) -> str:
    return _BLOCK.sub("", page.read_text())


def inline_code(page: Path) -> list[str]:
    return re.findall(r"`([^`\n]+)`", prose(page))


def table(page: Path, first_header: str) -> list[list[str]]:
    """Return the cells of the table whose header starts with this cell, row by row."""
    lines = iter(page.read_text().splitlines())
    for line in lines:
        if line.startswith(f"| {first_header} |"):
            next(lines)
            return list(_rows(lines))
    raise AssertionError(f"{page.name} has no table that starts with {first_header!r}")


def _rows(lines: Iterator[str]) -> Iterator[list[str]]:
    for line in lines:
        if not line.startswith("|"):
            return
        yield [cell.strip() for cell in line.strip("|").split(" | ")]


def anchors(page: Path) -> set[str]:
    """Return the fragments that headings of ``page`` can be linked by."""
    headings = re.findall(r"^#+ (.+)$", prose(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading).lower().replace(" ", "-") for heading in headings}


def links(page: Path) -> list[str]:
    """Return the targets of links to other pages and places, not to the web."""
    targets = re.findall(r"\[[^\]]+\]\(([^)]+)\)", prose(page))
    return [target for target in targets if "://" not in target]
