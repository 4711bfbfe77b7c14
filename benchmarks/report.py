"""What a benchmark found: tables, plots and goals, as text for the terminal and as Markdown for the record."""

from __future__ import annotations

import os
import platform
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.drawing import Chart, draw

HERE = Path(__file__).parent
RECORD = HERE / "RESULTS.md"
PICTURES = HERE / "pictures"


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under headings; the first column is text, the others are numbers."""

    headings: Sequence[str]
    rows: Sequence[Sequence[str]]
    caption: str = ""


@dataclass(frozen=True, slots=True)
class Goal:
    """Something that was to be reached, and what was."""

    what: str
    wanted: str
    measured: str
    met: bool


@dataclass(frozen=True, slots=True)
class Section:
    """What one benchmark found; `notes` are paragraphs that say how it was measured and what it means."""

    name: str
    title: str
    notes: str
    tables: Sequence[Table]
    charts: Sequence[Chart] = ()
    goals: Sequence[Goal] = field(default_factory=tuple)


def show(section: Section) -> str:
    """Write a section for a terminal."""
    lines = [section.title, "=" * len(section.title)]
    for note in section.notes.strip().split("\n\n"):
        lines += ["", *_wrapped(note)]
    for table in section.tables:
        lines += ["", *filter(None, [table.caption]), *_columns(table)]
    lines.append("")
    lines += [f"{'met   ' if goal.met else 'missed'}  {_sentence(goal)}" for goal in section.goals]
    return "\n".join(lines) + "\n"


def record(sections: Sequence[Section], seconds: float) -> None:
    """Write all sections into RESULTS.md, and their plots beside it."""
    PICTURES.mkdir(exist_ok=True)
    for section in sections:
        for number, chart in enumerate(section.charts):
            (HERE / _picture(section, number)).write_text(draw(chart), encoding="utf-8")
    RECORD.write_text("\n".join(_document(sections, seconds)), encoding="utf-8")


def at_most(what: str, limit: float, measured: float, unit: str = "") -> Goal:
    """Make a goal of an upper limit."""
    return Goal(what, f"≤ {_number(limit)}{unit}", f"{_number(measured)}{unit}", measured <= limit)


def at_least(what: str, limit: float, measured: float, unit: str = "") -> Goal:
    """Make a goal of a lower limit."""
    return Goal(what, f"≥ {_number(limit)}{unit}", f"{_number(measured)}{unit}", measured >= limit)


def _number(value: float) -> str:
    return f"{value:,.0f}" if value == int(value) or abs(value) >= 100 else f"{value:.3g}"


def _sentence(goal: Goal) -> str:
    return f"{goal.what}: {goal.measured} (goal {goal.wanted})"


def _document(sections: Sequence[Section], seconds: float) -> Iterator[str]:
    now = datetime.now(UTC)
    yield "# Measured"
    yield ""
    yield f"On {now:%-d %B %Y}, {now:%H:%M} UTC, in {seconds / 60:.0f} minutes, by `python -m benchmarks`."
    yield from _wrapped(f"{_machine()}. {_HERE}")
    yield ""
    yield "| goal | wanted | measured | |"
    yield "| --- | --- | --- | --- |"
    for section in sections:
        for goal in section.goals:
            yield f"| {goal.what} | {goal.wanted} | {goal.measured} | {'met' if goal.met else '**missed**'} |"
    yield ""
    for section in sections:
        yield from _chapter(section)


_HERE = """
Everything ran on this one machine, over loopback: the load, the servers, the databases and the sandbox that
stands in for GitHub. What such numbers mean is told in [docs/SCALING.md](../docs/SCALING.md).
"""


def _chapter(section: Section) -> Iterator[str]:
    yield from [f"## {section.title}", ""]
    for note in section.notes.strip().split("\n\n"):
        yield from [*_wrapped(note), ""]
    for table in section.tables:
        if table.caption:
            yield from [f"{table.caption}:", ""]
        yield f"| {' | '.join(table.headings)} |"
        yield f"| --- |{' ---: |' * (len(table.headings) - 1)}"
        for row in table.rows:
            yield f"| {' | '.join(row)} |"
        yield ""
    for number, chart in enumerate(section.charts):
        yield from [f"![{chart.title}]({_picture(section, number)})", ""]


def _wrapped(paragraph: str) -> list[str]:
    return textwrap.wrap(paragraph, 116, break_long_words=False, break_on_hyphens=False)


def _picture(section: Section, number: int) -> str:
    return f"{PICTURES.name}/{section.name}{number + 1 if number else ''}.svg"


def _columns(table: Table) -> Iterator[str]:
    widths = [max(map(len, column)) for column in zip(table.headings, *table.rows, strict=True)]
    for row in (table.headings, *table.rows):
        first, *others = (cell.rjust(width) for cell, width in zip(row, widths, strict=True))
        yield "  ".join([first.strip().ljust(widths[0]), *others])


def _machine() -> str:
    model = next(
        (line.partition(":")[2].strip() for line in _lines("/proc/cpuinfo") if line.startswith("model name")),
        platform.processor() or platform.machine(),
    )
    memory = next((int(line.split()[1]) for line in _lines("/proc/meminfo") if line.startswith("MemTotal")), 0)
    load = os.getloadavg()[0]
    busy = (
        f"; the load average was {load:.1f} at the end, so other work may have disturbed this"
        if load > os_cores() * 1.5
        else ""
    )
    return (
        f"{os_cores()} cores of {model}, {memory / 2**20:.0f} GB of memory, {platform.system()} "
        f"{platform.release()}, Python {platform.python_version()}{busy}"
    )


def os_cores() -> int:
    """Give the number of cores that we may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _lines(path: str) -> Iterator[str]:
    if Path(path).exists():
        yield from Path(path).read_text(encoding="utf-8").splitlines()
