"""Writes schedules as code: a module with a system job for each."""

from __future__ import annotations

import re
import unicodedata
from ast import literal_eval
from collections.abc import Iterator
from textwrap import wrap

from pgjobs.porting.module import is_name
from pgjobs.porting.schedules.kept import Kept


def as_code(schedules: list[Kept]) -> str:
    """Return the text of a ``jobs.py``. What can't be a system job, or is off, is a comment."""
    recurring = [each for each in schedules if each.once_at is None]
    once = [each for each in schedules if each.once_at is not None]
    modules = sorted({"pgjobs", *(_module(each) for each in recurring if _is_code(each))})
    lines = [f"import {module}" for module in modules]
    taken = {module.partition(".")[0] for module in modules}
    for each in recurring:
        lines += ["", "", *_job(each, _function_name(each, taken))]
    if once:
        lines += ["", "", "# Once, in `manage.py shell`:", *(_once(each) for each in once)]
    return "\n".join(lines)


def _job(kept: Kept, name: str) -> list[str]:
    head = [line for note in kept.notes for line in _comment(note)]
    if not kept.is_enabled:
        head.insert(0, "# It was switched off.")
    body = [*_lines(kept, name)]
    if not _is_code(kept):
        if not _has_literals(kept):
            head.append("# Python has no literal for one of the arguments.")
        if not _is_path(kept.target):
            head += _comment(f"{kept.target!r} is not the dotted path of a function.")
        body = [_commented(line) for line in body]
    return [*head, *body]


def _is_code(kept: Kept) -> bool:
    is_sound = kept.is_enabled and kept.is_readable and _has_literals(kept)
    return kept.recurs and is_sound and _is_path(kept.target)


def _has_literals(kept: Kept) -> bool:
    """Return whether code can write the arguments: infinity, as of ``1e999``, has no literal."""
    try:
        literal_eval(repr([kept.args, kept.kwargs]))
    except (ValueError, RecursionError, MemoryError):
        return False
    return True


def _lines(kept: Kept, name: str) -> Iterator[str]:
    rule = f"cron={_text(kept.cron)}" if kept.cron else f"interval={kept.interval or '…'}"
    yield f"@pgjobs.system_job({rule})"
    yield f"@pgjobs.job({', '.join(_options(kept))})"
    yield f"def {name}():"
    yield f"    {kept.target}({_arguments(kept)})"


def _options(kept: Kept) -> Iterator[str]:
    yield f"name={_text(kept.name)}"
    if kept.queue:
        yield f"queue={_text(kept.queue)}"
    if kept.priority is not None:
        yield f"priority={kept.priority}"


def _arguments(kept: Kept) -> str:
    positional = [repr(each) for each in kept.args]
    return ", ".join([*positional, *([_named(kept)] if kept.kwargs else [])])


def _named(kept: Kept) -> str:
    if all(is_name(name) for name in kept.kwargs):
        return ", ".join(f"{name}={value!r}" for name, value in kept.kwargs.items())
    return f"**{kept.kwargs!r}"


def _unnamed(kept: Kept) -> list[str]:
    """Return the note about arguments by position, which ``enqueue()`` does not take."""
    given = ", ".join(repr(each) for each in kept.args)
    return [f"Give these arguments by their names: {given}"] if kept.args else []


def _once(kept: Kept) -> str:
    assert kept.once_at is not None
    off = "" if kept.is_enabled else "(switched off) "
    at = f'datetime.fromisoformat("{kept.once_at.isoformat()}")'
    notes = " ".join(f"# {note}" for note in _one_line([*kept.notes, *_unnamed(kept)]))
    call = f"{kept.target}.enqueue(schedule_at={at}"
    given = f", {_named(kept)}" if kept.kwargs else ""
    return _commented(f"{off}{call}{given})  {notes}")


def _function_name(kept: Kept, taken: set[str]) -> str:
    """Return a name of a function, by the name of the schedule, that no other one has."""
    words = re.findall(r"[^\W_]+", kept.name) or re.findall(r"[^\W_]+", kept.target)
    name = _as_python_reads("_".join(words).lower()) or "scheduled"
    base = name = name if is_name(name) else f"run_{name}"
    number = 2
    while name in taken:
        name, number = f"{base}_{number}", number + 1
    taken.add(name)
    return name


def _as_python_reads(name: str) -> str:
    """Return ``name`` without the letters and digits that no name in Python can have."""
    normal = unicodedata.normalize("NFKC", name)
    return "".join(each for each in normal if f"a{each}".isidentifier())


def _module(kept: Kept) -> str:
    return kept.target.rpartition(".")[0]


def _is_path(path: str) -> bool:
    parts = path.split(".")
    return len(parts) > 1 and all(map(is_name, parts))


def _text(value: str) -> str:
    """Return a literal of a text in double quotes, where that needs no escapes."""
    plain = repr(value)
    return f'"{plain[1:-1]}"' if plain.startswith("'") and '"' not in value else plain


def _comment(note: str) -> list[str]:
    return [_commented(line) for line in wrap(note, 86)]


def _commented(line: str) -> str:
    """Return ``line`` as a comment, with escapes for characters that do not print.

    A newline in the text of a table would end the comment, and what follows it would be code.
    """
    shown = "".join(each if each.isprintable() else repr(each)[1:-1] for each in line)
    return f"# {shown}".rstrip()


def _one_line(notes: list[str]) -> list[str]:
    return [" ".join(note.split()) for note in notes]
