"""How the number of signatures grew, as SVG: a chart and a sparkline."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from html import escape
from typing import Final

from msgspec import Struct

from bot.petition.organizers.rules_in_force import next_goal
from bot.petition.untrusted_text import drop_non_xml
from bot.store import PetitionDetails

Days = Sequence[tuple[int, int]]
"""Pairs of a day (in days since 1970, ascending) and how many signed on it."""

STYLE: Final = """
.back{fill:#fff}.grid{stroke:#d9d5cd}.text{fill:#625d54}.area{fill:#3d4fb5;opacity:.14}.line{stroke:#3d4fb5}.goal{stroke:#8a4b08}
@media (prefers-color-scheme:dark){.back{fill:#1b1d24}.grid{stroke:#383c48}.text{fill:#a7abb8}.area{fill:#a3b1ff}
.line{stroke:#a3b1ff}.goal{stroke:#f0b267}}
"""
"""The style of a standalone chart; on a page, the page's own style sheet has the same classes."""


class Growth(Struct, frozen=True):
    """The curve in numbers: the total at the end of each day on which somebody signed."""

    days: Days
    today: int
    goal: int | None = None

    @property
    def points(self) -> list[tuple[int, int]]:
        """Return (day, total): nobody before the first day, nobody new after the last."""
        if not self.days:
            return []
        steps, total = [(self.days[0][0], 0)], 0
        for day, signatures in self.days:
            if steps[-1][0] < day:
                steps.append((day, total))
            total += signatures
            steps.append((day + 1, total))
        if steps[-1][0] <= self.today:
            steps.append((self.today + 1, total))
        return steps

    def in_words(self) -> str:
        """Return what the curve shows as text, for screen readers."""
        if not self.days:
            return "Nobody has signed yet."
        total = sum(signatures for _, signatures in self.days)
        day, most = max(self.days, key=lambda each: (each[1], -each[0]))
        signatures = "1 signature" if total == 1 else f"{total:,} signatures"
        since = f"{signatures} since {day_name(self.days[0][0])}"
        return f"{since}; most on one day: {most:,}, on {day_name(day)}." if len(self.days) > 1 else f"{since}."


def chart(growth: Growth, title: str, *, standalone: bool) -> str:
    """Return the curve as SVG; `standalone` adds the style and background that it needs outside of a page."""
    points = growth.points
    name = escape(drop_non_xml(f"{title}: {growth.in_words()}"))
    head = f'<svg {_SVG} viewBox="0 0 {_WIDTH} {_HEIGHT}" class="chart" role="img" aria-label="{name}">'
    style = f"<style>{STYLE}</style>" if standalone else ""
    background = f'<rect class="back" width="{_WIDTH}" height="{_HEIGHT}" rx="8"/>' if standalone else ""
    nobody = _text(_WIDTH / 2, _HEIGHT / 2, "Nobody has signed yet.", "middle")
    inside = _curve(points, growth) if points else nobody
    return f"{head}{style}{background}{inside}</svg>"


def sparkline(days: Days, today: int) -> str:
    """Return the signatures of each of the last 30 days as small bars; decoration only."""
    recent = {day: signatures for day, signatures in days if today - 30 < day <= today}
    most = max(recent.values(), default=0)
    bars = ""
    for day, signatures in recent.items():
        x, height = 4 * (day - today + 29), max(28 * signatures / most, 2)
        bars += f'<rect x="{x}" y="{_number(30 - height)}" width="3" height="{_number(height)}" rx="1"/>'
    return (
        f'<svg {_SVG} viewBox="0 0 120 31" class="sparkline" aria-hidden="true">'
        f'<path class="ground" d="M0 30.500H120"/>{bars}</svg>'
    )


def day_name(day: int) -> str:
    """Format a day, given in days since 1970, such as 1 Jan 1970."""
    on = datetime.fromtimestamp(day * 86_400, UTC)
    return f"{on.day} {on:%b} {on.year}"


_SVG: Final = 'xmlns="http://www.w3.org/2000/svg"'
_WIDTH: Final = 640
_HEIGHT: Final = 240
_LEFT: Final = 58
_GAP: Final = 8
_DIGIT: Final = 12
"""How wide a digit is at most; the style sheet of the pages makes them larger than a lone chart does."""
_RIGHT: Final = 20
_TOP: Final = 28
_BOTTOM: Final = 34
_FONT: Final = 'font-family="system-ui,-apple-system,Segoe UI,Noto Sans,sans-serif" font-size="13"'


def _curve(points: Sequence[tuple[int, int]], growth: Growth) -> str:
    first, last = points[0][0], points[-1][0]
    total = points[-1][1]
    goal = growth.goal if growth.goal and growth.goal <= 3 * total else None
    ticks = _ticks(max(total, goal or 0))
    # So that the longest number fits, in the large digits of a page too.
    top, left = ticks[-1], max(_LEFT, len(f"{ticks[-1]:,}") * _DIGIT + 2 * _GAP)

    def across(day: float) -> float:
        return left + (day - first) * (_WIDTH - left - _RIGHT) / (last - first)

    def up(value: float) -> float:
        return _HEIGHT - _BOTTOM - value * (_HEIGHT - _TOP - _BOTTOM) / top

    def level(look: str, value: int) -> str:
        return f'<path {look} d="M{left} {_number(up(value))}H{_WIDTH - _RIGHT}"/>'

    goal_line = ""
    if goal:
        goal_line = level('class="goal" fill="none" stroke-width="1.500" stroke-dasharray="5 4"', goal)
        goal_line += _text(_WIDTH - _RIGHT, up(goal) - 5, f"goal {goal:,}", "end")
    line = " ".join(f"{_number(across(day))},{_number(up(value))}" for day, value in _thinned(points))
    ground = _number(up(0))
    return "".join(
        [
            *(level('class="grid"', each) + _text(left - _GAP, up(each) + 4, f"{each:,}", "end") for each in ticks),
            f'<polygon class="area" points="{left},{ground} {line} {_WIDTH - _RIGHT},{ground}"/>',
            f'<polyline class="line" fill="none" stroke-width="2.500" stroke-linejoin="round" points="{line}"/>',
            goal_line,
            _text(across(first), _HEIGHT - 12, day_name(first), "start"),
            _text(across(last), _HEIGHT - 12, day_name(last - 1), "end") if last - first > 1 else "",
        ]
    )


def _text(x: float, y: float, text: str, anchor: str) -> str:
    return (
        f'<text class="text" {_FONT} x="{_number(x)}" y="{_number(y)}" text-anchor="{anchor}">{escape(text)}</text>'
    )


def _ticks(most: int) -> list[int]:
    """Return three to six round numbers from 0 to just above the most."""
    step = 1
    while most > 5 * step:
        leading = int(str(step)[0])
        step = step * 5 // 2 if leading == 2 else step * 2
    return list(range(0, most + step, step))


def _thinned(points: Sequence[tuple[int, int]]) -> Sequence[tuple[int, int]]:
    """Drop points that lie closer than pixels do."""
    every = -(-len(points) // 400)
    return [*points[:-1:every], points[-1]]


def _number(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")


def growth_of(details: PetitionDetails, today: int) -> Growth:
    """Return a petition's curve, which ends when the petition does."""
    snapshot = details.snapshot
    end = snapshot.rules.ends_at(snapshot.closed_at)
    goal = next_goal(snapshot.rules.settings.goals, snapshot.count)
    return Growth(details.days, today if end is None else min(today, end // 86_400), goal)
