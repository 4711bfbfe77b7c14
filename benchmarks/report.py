"""What a benchmark found: tables, plots and goals, for the terminal and as Markdown for the record; pure."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from benchmarks.drawing import Chart
from benchmarks.machine import Circumstances

PICTURES = "pictures"
WIDTH = 116


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under headings; the first column is text, the others are numbers."""

    headings: Sequence[str]
    rows: Sequence[Sequence[str]]
    caption: str = ""


@dataclass(frozen=True, slots=True)
class Goal:
    """Something that was to be reached, and what was; where it was missed, by how much and why."""

    what: str
    wanted: str
    measured: str
    met: bool
    off: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    """What one benchmark found; `notes` are paragraphs that say how it was measured and what it means."""

    name: str
    title: str
    notes: str
    tables: Sequence[Table]
    charts: Sequence[Chart] = ()
    goals: Sequence[Goal] = ()


def at_most(what: str, limit: float, measured: float, unit: str = "", *, why: str = "") -> Goal:
    """Make a goal of an upper limit; `why` is told where it is missed."""
    off = f"{measured / limit - 1:.0%} over"
    return Goal(what, f"≤ {number(limit)}{unit}", f"{number(measured)}{unit}", measured <= limit, off, why)


def at_least(what: str, limit: float, measured: float, unit: str = "", *, why: str = "") -> Goal:
    """Make a goal of a lower limit; `why` is told where it is missed."""
    off = f"{1 - measured / limit:.0%} short"
    return Goal(what, f"≥ {number(limit)}{unit}", f"{number(measured)}{unit}", measured >= limit, off, why)


def none_of(what: str, measured: int) -> Goal:
    """Make a goal of something that must not occur."""
    return Goal(what, "0", f"{measured:,}", measured == 0, f"{measured:,} too many")


def number(value: float) -> str:
    """Write a number with three figures, a large one in full."""
    return f"{value:,.0f}" if value == int(value) or abs(value) >= 100 else f"{value:.3g}"


def show(section: Section) -> str:
    """Write a section for a terminal."""
    lines = [section.title, "=" * len(section.title)]
    for note in _paragraphs(section.notes):
        lines += ["", *_wrapped(note)]
    for table in section.tables:
        lines += ["", *filter(None, [table.caption]), *_columns(table)]
    lines.append("")
    lines += [f"{_verdict(goal)}: {goal.what}: {goal.measured} (goal {goal.wanted})" for goal in section.goals]
    return "\n".join(lines) + "\n"


def markdown(section: Section, where: Circumstances) -> str:
    """Write one section as a part of a page, with what was reached."""
    lines = [*_chapter(section), *_wrapped(
        f"Measured on {where.at:%-d %B %Y}, {where.at:%H:%M} UTC, at commit `{where.commit}`, on {where.machine}."
        f" {_COMPANY if where.is_shared else _ALONE}."
    ), ""]  # fmt: skip
    lines += [
        f"- {goal.what}: {goal.measured} (wanted {goal.wanted}), {_bold_if_missed(goal)}" for goal in section.goals
    ]
    return "\n".join(lines)


def document(sections: Sequence[Section], where: Circumstances, seconds: float) -> str:
    """Write all sections as one page of Markdown."""
    return "\n".join(_document(sections, where, seconds)) + "\n"


def picture(section: Section, place: int) -> str:
    """Name the file of a section's plot."""
    return f"{PICTURES}/{section.name}{place + 1 if place else ''}.svg"


def _document(sections: Sequence[Section], where: Circumstances, seconds: float) -> Iterator[str]:
    yield from ["# Measured", ""]
    yield from _wrapped(
        f"On {where.at:%-d %B %Y}, {where.at:%H:%M} UTC, in {seconds / 60:.0f} minutes, at commit "
        f"`{where.commit}`, by `python -m benchmarks`, on {where.machine}. "
        f"{_COMPANY if where.is_shared else _ALONE} (load average before the start: {where.load:.1f}). {_HERE}"
    )
    yield from ["", "## Goals", "", "| goal | wanted | measured | |", "| --- | ---: | ---: | --- |"]
    for section in sections:
        for goal in section.goals:
            yield f"| {goal.what} | {goal.wanted} | {goal.measured} | {_bold_if_missed(goal)} |"
    yield ""
    for why in dict.fromkeys(goal.why for section in sections for goal in section.goals if not goal.met):
        names = [g.what for section in sections for g in section.goals if not g.met and g.why == why]
        yield from [*_wrapped(f"Missed: {'; '.join(names)}. {' '.join(why.split())}".strip()), ""]
    for section in sections:
        yield from _chapter(section)


_ALONE = "Nothing else of weight ran beside it"
_COMPANY = (
    "**Other work ran on the same machine**, so rates and times are worse than the machine could do, and ratios "
    "within a round are what to go by"
)
_HERE = (
    "Everything was here, over loopback: the load, the servers, the databases and the sandbox that stands in for "
    "GitHub. What such numbers mean is told in [docs/SCALING.md](../docs/SCALING.md)."
)


def _chapter(section: Section) -> Iterator[str]:
    yield from [f"## {section.title}", ""]
    for note in _paragraphs(section.notes):
        yield from [*_wrapped(note), ""]
    for table in section.tables:
        if table.caption:
            yield from [*_wrapped(f"{table.caption}:"), ""]
        yield f"| {' | '.join(table.headings)} |"
        yield f"| --- |{' ---: |' * (len(table.headings) - 1)}"
        for row in table.rows:
            yield f"| {' | '.join(row)} |"
        yield ""
    for place, chart in enumerate(section.charts):
        yield from [f"![{chart.title}]({picture(section, place)})", ""]


def _verdict(goal: Goal) -> str:
    return "met" if goal.met else f"missed, {goal.off}"


def _bold_if_missed(goal: Goal) -> str:
    return "met" if goal.met else f"**missed**, {goal.off}"


def _paragraphs(notes: str) -> list[str]:
    return notes.strip().split("\n\n")


def _wrapped(paragraph: str) -> list[str]:
    return textwrap.wrap(paragraph, WIDTH, break_long_words=False, break_on_hyphens=False)


def _columns(table: Table) -> Iterator[str]:
    widths = [max(map(len, column)) for column in zip(table.headings, *table.rows, strict=True)]
    for row in (table.headings, *table.rows):
        first, *others = (cell.rjust(width) for cell, width in zip(row, widths, strict=True))
        yield "  ".join([first.strip().ljust(widths[0]), *others])
