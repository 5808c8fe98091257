"""Charts as SVG that the server draws: bars of ended jobs, lines of run times, sparklines.

A drawing is stretched to the room that it gets. So it holds shapes alone, and the words stand
around it in HTML. Colours are classes of the style sheet.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from pgjobs.pages import spans

WIDTH: Final = 600
HEIGHT: Final = 100
OUTCOMES: Final = ("completed", "cancelled", "failed", "errored")
"""From the ground of a bar to its top: what went wrong is on top."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """The ends of jobs in one minute, hour or day, and the run times in seconds."""

    start: datetime
    completed: int = 0
    cancelled: int = 0
    failed: int = 0
    errored: int = 0
    p50: float | None = None
    p95: float | None = None

    @property
    def ended(self) -> int:
        """All ends."""
        return self.completed + self.cancelled + self.failed + self.errored


@dataclass(frozen=True, slots=True)
class Rect:
    """A part of a bar."""

    kind: str
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Bars:
    """Bars of ended jobs."""

    rects: list[Rect]
    top: int
    """The number at the upper edge."""


@dataclass(frozen=True, slots=True)
class Lines:
    """Run times: the points of each line, in pieces where no job ran in between."""

    p50: list[str]
    p95: list[str]
    top: float
    """The seconds at the upper edge."""

    @property
    def top_in_words(self) -> str:
        return spans.shown(self.top)


def bars(periods: Sequence[Period]) -> Bars:
    """Draw a bar for each period, its outcomes stacked."""
    top = rounded_up(max((each.ended for each in periods), default=0))
    step = WIDTH / max(len(periods), 1)
    gap = 1.0 if step > 4 else step / 6
    rects: list[Rect] = []
    for place, period in enumerate(periods):
        ground = float(HEIGHT)
        for kind in OUTCOMES:
            if number := getattr(period, kind):
                height = HEIGHT * number / top
                ground -= height
                rects.append(_rect(kind, place * step + gap / 2, ground, step - gap, height))
    return Bars(rects, top)


def lines(periods: Sequence[Period]) -> Lines | None:
    """Draw p50 and p95 of the run times; None if no job ran.

    The scale is that of square roots, so that short run times beside long ones can be told apart.
    """
    longest = max((each.p95 or 0 for each in periods), default=0)
    if not longest:
        return None
    p50 = _pieces(periods, [each.p50 for each in periods], longest)
    p95 = _pieces(periods, [each.p95 for each in periods], longest)
    return Lines(p50, p95, longest)


def sparkline(numbers: Sequence[int]) -> list[Rect]:
    """Draw small bars, the highest one as high as the room."""
    top = max(numbers, default=0)
    if not top:
        return []
    step = WIDTH / len(numbers)
    return [
        _rect("", place * step, HEIGHT * (1 - number / top), step * 0.8, HEIGHT * number / top)
        for place, number in enumerate(numbers)
        if number
    ]


def rounded_up(number: int) -> int:
    """Return the next number of the kind 1, 2, 5, 10, 20, 50 … that is not smaller."""
    if number <= 1:
        return 1
    power = 10 ** int(math.log10(number))
    return next(int(step * power) for step in (1, 2, 5, 10) if step * power >= number)


def _rect(kind: str, x: float, y: float, width: float, height: float) -> Rect:
    return Rect(kind, round(x, 2), round(y, 2), round(width, 2), round(height, 2))


def _pieces(periods: Sequence[Period], values: Iterable[float | None], longest: float) -> list[str]:
    step = WIDTH / max(len(periods), 1)
    pieces: list[list[tuple[float, float]]] = [[]]
    for place, value in enumerate(values):
        if value is None:
            pieces.append([])
            continue
        height = HEIGHT * (1 - math.sqrt(min(max(value, 0) / longest, 1)))
        pieces[-1].append(((place + 0.5) * step, height))
    return [_points(_visible(piece, step)) for piece in pieces if piece]


def _visible(piece: list[tuple[float, float]], step: float) -> list[tuple[float, float]]:
    """Give a piece of one point some width."""
    if len(piece) > 1:
        return piece
    [(x, y)] = piece
    return [(x - step / 2, y), (x + step / 2, y)]


def _points(piece: list[tuple[float, float]]) -> str:
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in piece)
