"""Line plots as SVG, with a few lines of Python and nothing installed; readable on light and on dark pages."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape, quoteattr

WIDTH, HEIGHT = 720, 360
LEFT, RIGHT, TOP, BOTTOM = 64, 170, 40, 48
COLOURS = ("#2f81f7", "#e5534b", "#3fb950", "#d29922", "#a371f7", "#8b949e", "#39c5cf", "#f778ba")
INK, GRID = "#8b949e", "#8b949e40"
TICKS = 6


@dataclass(frozen=True, slots=True)
class Line:
    """One series of points."""

    name: str
    points: Sequence[tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Chart:
    """Lines over two axes; a logarithmic axis shows no zero."""

    title: str
    x: str
    y: str
    lines: Sequence[Line]
    log_x: bool = False
    log_y: bool = False


def draw(chart: Chart) -> str:
    """Draw a chart as SVG."""
    return "\n".join(_elements(chart)) + "\n"


def _elements(chart: Chart) -> Iterator[str]:
    xs, ys = _Axis.over(chart, 0), _Axis.over(chart, 1)
    yield (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" '
        f'font-size="12" fill="{INK}" role="img" aria-label={quoteattr(chart.title)}>'
    )
    yield f'<text x="{LEFT}" y="20" font-size="15" font-weight="bold">{escape(chart.title)}</text>'
    for value in ys.ticks():
        at = ys.place(value)
        yield f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{at:.1f}" y2="{at:.1f}" stroke="{GRID}"/>'
        yield f'<text x="{LEFT - 6}" y="{at + 4:.1f}" text-anchor="end">{_short(value)}</text>'
    for value in xs.ticks():
        at = xs.place(value)
        yield f'<text x="{at:.1f}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle">{_short(value)}</text>'
    yield f'<text x="{(LEFT + WIDTH - RIGHT) / 2}" y="{HEIGHT - 10}" text-anchor="middle">{escape(chart.x)}</text>'
    turned = f'x="14" y="{HEIGHT / 2}" transform="rotate(-90 14 {HEIGHT / 2})"'
    yield f'<text {turned} text-anchor="middle">{escape(chart.y)}</text>'
    for number, line in enumerate(chart.lines):
        colour = COLOURS[number % len(COLOURS)]
        points = " ".join(f"{xs.place(x):.1f},{ys.place(y):.1f}" for x, y in line.points)
        yield f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2"/>'
        if len(line.points) <= 16:
            for x, y in line.points:
                yield f'<circle cx="{xs.place(x):.1f}" cy="{ys.place(y):.1f}" r="3" fill="{colour}"/>'
        row = TOP + 18 * number
        yield f'<rect x="{WIDTH - RIGHT + 14}" y="{row}" width="10" height="10" fill="{colour}"/>'
        yield f'<text x="{WIDTH - RIGHT + 30}" y="{row + 10}">{escape(line.name)}</text>'
    yield "</svg>"


@dataclass(frozen=True, slots=True)
class _Axis:
    low: float
    high: float
    log: bool
    start: float
    end: float

    @classmethod
    def over(cls, chart: Chart, coordinate: int) -> _Axis:
        values = [point[coordinate] for line in chart.lines for point in line.points]
        log = (chart.log_x, chart.log_y)[coordinate]
        start, end = ((LEFT, WIDTH - RIGHT), (HEIGHT - BOTTOM, TOP))[coordinate]
        low = min(values) if log or coordinate == 0 else 0.0
        high = max(values)
        if log and coordinate == 1:
            low, high = 10 ** math.floor(math.log10(low)), 10 ** math.ceil(math.log10(high))
        return cls(low, high if high > low else low + 1, log, start, end)

    def place(self, value: float) -> float:
        low, high, here = (math.log(v) if self.log else v for v in (self.low, self.high, value))
        return self.start + (here - low) / (high - low) * (self.end - self.start)

    def ticks(self) -> list[float]:
        if self.log:
            first, last = math.ceil(math.log10(self.low) - 1e-9), math.floor(math.log10(self.high) + 1e-9)
            decades = [10.0**power for power in range(first, last + 1)]
            return decades if len(decades) > 1 else sorted({self.low, self.high})
        rough = (self.high - self.low) / TICKS
        power = 10.0 ** math.floor(math.log10(rough))
        step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= rough)
        return [step * n for n in range(math.ceil(self.low / step), math.floor(self.high / step + 1e-9) + 1)]


def _short(value: float) -> str:
    for size, letter in ((1e6, "M"), (1e3, "k")):
        if abs(value) >= size:
            return f"{value / size:g}{letter}"
    return f"{value:g}"
