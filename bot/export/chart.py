"""How the number of signatures grew, as SVG: a chart, by the hour while it is young, and a sparkline."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Final

from msgspec import Struct

from bot.petition.goals import next_goal
from bot.petition.i18n import Translator, translator
from bot.petition.untrusted_text import drop_non_xml
from bot.store import PetitionDetails
from bot.time_types import EpochSeconds

Periods = Sequence[tuple[int, int]]
"""Pairs of a day or an hour (its number since 1970, ascending) and how many signed in it."""

DAY: Final = 86_400
HOUR: Final = 3_600

HOURS_BY_HOUR: Final = 72
"""The curve of fewer hours is drawn by the hour: of one or two days it would be a straight line."""

STYLE: Final = """
.back{fill:#fff}.grid{stroke:#d9d5cd}.text{fill:#625d54}.area{fill:#3d4fb5;opacity:.14}.line{stroke:#3d4fb5}.goal{stroke:#8a4b08}
@media (prefers-color-scheme:dark){.back{fill:#1b1d24}.grid{stroke:#383c48}.text{fill:#a7abb8}.area{fill:#a3b1ff}
.line{stroke:#a3b1ff}.goal{stroke:#f0b267}}
"""
"""The style of a standalone chart; on a page, the page's own style sheet has the same classes."""


class Growth(Struct, frozen=True):
    """The curve in numbers: how many signed in each day or hour, and the one in which the curve ends."""

    periods: Periods
    last: int
    goal: int | None = None
    length: int = DAY
    """How many seconds a period has, `DAY` or `HOUR`."""

    @property
    def points(self) -> list[tuple[int, int]]:
        """Return (period, total at its beginning): nobody before the first one, nobody new after the last."""
        if not self.periods:
            return []
        steps, total = [(self.periods[0][0], 0)], 0
        for period, signatures in self.periods:
            if steps[-1][0] < period:
                steps.append((period, total))
            total += signatures
            steps.append((period + 1, total))
        if steps[-1][0] <= self.last:
            steps.append((self.last + 1, total))
        return steps

    def in_words(self, tr: Translator) -> str:
        """Return what the curve shows as text, for screen readers."""
        if not self.periods:
            return tr.translate("Nobody has signed yet.")
        total = sum(signatures for _, signatures in self.periods)
        period, most = max(self.periods, key=lambda each: (each[1], -each[0]))
        since = tr.count(
            "{number} signature since {time}.",
            "{number} signatures since {time}.",
            total,
            time=self.name(self.periods[0][0], tr),
        )
        if len(self.periods) == 1:
            return since
        best, number = self.name(period, tr), tr.number(most)
        if self.length == DAY:
            peak = tr.translate("Most on one day: {number} ({day}).", number=number, day=best)
        else:
            peak = tr.translate("Most in one hour: {number} (from {time} on).", number=number, time=best)
        return f"{since} {peak}"

    def name(self, period: int, tr: Translator) -> str:
        """Format a period: a day, or the time at which an hour begins."""
        return tr.day_of_epoch(period) if self.length == DAY else tr.day_and_time(period * HOUR)

    def ends(self, tr: Translator) -> tuple[str, str]:
        """Format what stands below both ends of the curve; the last day is not named where it is the first."""
        first, last = self.points[0][0], self.points[-1][0]
        if self.length == DAY:
            return tr.day_of_epoch(first), tr.day_of_epoch(last - 1) if last - first > 1 else ""
        return tr.date_and_time(first * HOUR), tr.day_and_time(last * HOUR)


def chart(growth: Growth, title: str, tr: Translator, *, standalone: bool) -> str:
    """Return the curve as SVG; `standalone` adds the style and background that it needs outside of a page."""
    points = growth.points
    name = escape(drop_non_xml(tr.labelled(title, growth.in_words(tr))))
    head = f'<svg {_SVG} viewBox="0 0 {_WIDTH} {_HEIGHT}" class="chart" role="img" aria-label="{name}">'
    style = f"<style>{STYLE}</style>" if standalone else ""
    background = f'<rect class="back" width="{_WIDTH}" height="{_HEIGHT}" rx="8"/>' if standalone else ""
    nobody = _text(_WIDTH / 2, _HEIGHT / 2, tr.translate("Nobody has signed yet."), "middle")
    inside = _curve(points, growth, tr) if points else nobody
    return f"{head}{style}{background}{inside}</svg>"


def sparkline(days: Periods, today: int) -> str:
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


# Also on a page that is written from right to left, time goes on to the right.
_SVG: Final = 'xmlns="http://www.w3.org/2000/svg" direction="ltr"'
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


def _curve(points: Sequence[tuple[int, int]], growth: Growth, tr: Translator) -> str:
    first, last = points[0][0], points[-1][0]
    total = points[-1][1]
    goal = growth.goal if growth.goal and growth.goal <= 3 * total else None
    ticks = _ticks(max(total, goal or 0))
    # So that the longest number fits, in the large digits of a page too.
    top, left = ticks[-1], max(_LEFT, len(tr.number(ticks[-1])) * _DIGIT + 2 * _GAP)

    def across(period: float) -> float:
        return left + (period - first) * (_WIDTH - left - _RIGHT) / (last - first)

    def up(value: float) -> float:
        return _HEIGHT - _BOTTOM - value * (_HEIGHT - _TOP - _BOTTOM) / top

    def level(look: str, value: int) -> str:
        return f'<path {look} d="M{left} {_number(up(value))}H{_WIDTH - _RIGHT}"/>'

    goal_line = ""
    if goal:
        goal_line = level('class="goal" fill="none" stroke-width="1.500" stroke-dasharray="5 4"', goal)
        goal_line += _text(
            _WIDTH - _RIGHT, up(goal) - 5, tr.translate("goal {number}", number=tr.number(goal)), "end"
        )
    line = " ".join(f"{_number(across(period))},{_number(up(value))}" for period, value in _thinned(points))
    ground, (begins, ends) = _number(up(0)), growth.ends(tr)
    return "".join(
        [
            *(
                level('class="grid"', each) + _text(left - _GAP, up(each) + 4, tr.number(each), "end")
                for each in ticks
            ),
            f'<polygon class="area" points="{left},{ground} {line} {_WIDTH - _RIGHT},{ground}"/>',
            f'<polyline class="line" fill="none" stroke-width="2.500" stroke-linejoin="round" points="{line}"/>',
            goal_line,
            _text(across(first), _HEIGHT - 12, tr.name(begins), "start"),
            _text(across(last), _HEIGHT - 12, tr.name(ends), "end") if ends else "",
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


def standalone_chart(details: PetitionDetails, now: EpochSeconds) -> str:
    """Return a petition's chart in its language, as a picture of its own."""
    snapshot = details.snapshot
    tr = translator(snapshot.rules.settings.language)
    return chart(growth_of(details, now), snapshot.title, tr, standalone=True)


def growth_of(details: PetitionDetails, now: EpochSeconds) -> Growth:
    """Return a petition's curve, which ends when the petition does."""
    snapshot = details.snapshot
    end = snapshot.rules.ends_at(snapshot.closed_at)
    until = int(now) if end is None else min(int(now), end)
    goal = next_goal(snapshot.rules.settings.goals, snapshot.count)
    hours = details.hours
    if hours and max(until // HOUR, hours[-1][0]) - hours[0][0] < HOURS_BY_HOUR:
        return Growth(hours, until // HOUR, goal, HOUR)
    return Growth(details.days, until // DAY, goal)
