"""docs/commands.md: its tables fit the command."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

from django.core.management import CommandParser

from pgjobs import doctor
from pgjobs.cli.selection import add_filters
from pgjobs.cli.verbs import VERBS
from tests.support.markdown import DOCS

PAGE = (DOCS / "commands.md").read_text()


def rows(heading: str) -> list[str]:
    """Return the first cells of the table below a head row."""
    table = PAGE.partition(f"| {heading} |")[2].partition("\n\n")[0]
    return re.findall(r"^\| `([^`]+)`", table, re.M)


def test_each_verb_stands_in_the_table_in_the_order_of_the_help() -> None:
    assert [verb.split()[0] for verb in rows("verb | does")] == list(VERBS)


def test_each_filter_stands_in_the_table() -> None:
    parser = CommandParser()
    add_filters(parser)
    options = [each for action in parser._actions for each in action.option_strings]

    assert [name.split()[0] for name in rows("filter | passes")] == [
        option for option in options if option not in ("-h", "--help")
    ]


def test_each_example_is_read_by_its_verb() -> None:
    examples = re.findall(r"^python manage\.py pgjobs (\S+) ?(.*)$", PAGE, re.M)
    assert len(examples) >= 7
    for name, words in examples:
        parser = CommandParser()
        VERBS[name].add_arguments(parser)
        parser.parse_args(shlex.split(words))


def test_each_finding_of_the_doctor_stands_in_the_table() -> None:
    texts = "".join(path.read_text() for path in Path(doctor.__path__[0]).glob("*.py"))
    about = re.findall(r'Severity\.\w+(?: if [^,]+)?,\s+f?"([^"{]+)', texts)
    about += re.findall(r'^(?:OLDER|_NO_VIEW): Final = "([^"]+)', texts, re.M)

    assert len(about) >= 16
    assert {name.strip() for name in about} == {
        name.removesuffix(" pgjobs.…") for name in rows("finding | severity | what is wrong")
    }
