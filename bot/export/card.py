"""The picture that social sites show beside a link: how many have signed, and how far that is to the goal.

It is a PNG, which all of them take. Count and bar are drawn here, without any font; what stands around them is in
`templates/card.png`, a picture of up to 160 colours whose first is the paper.
"""

from __future__ import annotations

import math
import struct
import zlib
from collections.abc import Iterator, Sequence
from functools import cache, lru_cache
from importlib import resources
from itertools import pairwise
from typing import Final

from bot.petition.organizers.rules_in_force import next_goal

WIDTH: Final = 1_200
HEIGHT: Final = 630

Point = tuple[float, float]
Stroke = Sequence[Point]
"""Points that are joined by lines with round ends."""


def card(count: int, goals: Sequence[int]) -> bytes:
    """Return the picture; its bar goes to the next of the goals, and is not there without any."""
    goal = next_goal(goals, count)
    rows = [bytearray(row) for row in _base()[1]]
    _draw_number(rows, count, 232 if goal else 262)
    if goal:
        _draw_bar(rows, _RIGHT, _TRACK)
        if count:
            _draw_bar(rows, _LEFT + max(round((_RIGHT - _LEFT) * min(count / goal, 1)), _BAR), _FILL)
    return _png(rows)


_LEFT: Final = 110
_RIGHT: Final = 1_090
_BAR: Final = 30
"""How high the bar is."""
_BAR_TOP: Final = 430

# The colours drawn with, each in as many steps from the paper as a pixel may be covered.
_STEPS: Final = 16
_INK, _TRACK, _FILL = (160 + _STEPS * number for number in range(3))
_COLOURS: Final = ((0x23, 0x21, 0x1D), (0xE4, 0xE0, 0xD8), (0x3D, 0x4F, 0xB5))


def _png(rows: Sequence[bytearray]) -> bytes:
    """Return rows of palette entries as a file; https://www.w3.org/TR/png-3/."""
    header = struct.pack(">IIBBBBB", WIDTH, HEIGHT, 8, 3, 0, 0, 0)
    pixels = zlib.compress(b"".join(b"\0" + row for row in rows), 6)
    chunks = ((b"IHDR", header), (b"PLTE", _base()[0]), (b"IDAT", pixels), (b"IEND", b""))
    return _SIGNATURE + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        for name, data in chunks
    )


_SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"


@cache
def _base() -> tuple[bytes, Sequence[bytes]]:
    """Return the palette and the rows of what stands around the count."""
    file = resources.files("bot.export").joinpath("templates/card.png").read_bytes()
    chunks, place = {}, len(_SIGNATURE)
    while place < len(file):
        (size,) = struct.unpack(">I", file[place : place + 4])
        chunks[file[place + 4 : place + 8]] = file[place + 8 : place + 8 + size]
        place += size + 12
    # It was written without filters: each row is a 0 and its pixels.
    pixels, line = zlib.decompress(chunks[b"IDAT"]), WIDTH + 1
    palette = chunks[b"PLTE"]
    paper = palette[:3]
    drawn = bytes(
        round(light + (dark - light) * step / (_STEPS - 1))
        for colour in _COLOURS
        for step in range(_STEPS)
        for light, dark in zip(paper, colour, strict=True)
    )
    return palette.ljust(3 * _INK, b"\0") + drawn, [
        pixels[at + 1 : at + line] for at in range(0, len(pixels), line)
    ]


def _draw_bar(rows: Sequence[bytearray], right: int, colour: int) -> None:
    half = _BAR // 2
    ends = _shape("bar", half, colour)
    for row, end in zip(rows[_BAR_TOP:], ends, strict=False):
        row[_LEFT : _LEFT + half] = end[:half]
        row[_LEFT + half : right - half] = bytes([colour + _STEPS - 1]) * (right - _LEFT - 2 * half)
        # Beyond its end stays what was drawn before.
        row[right - half : right] = bytes(
            new or old for new, old in zip(end[half:], row[right - half :], strict=False)
        )


def _draw_number(rows: Sequence[bytearray], count: int, top: int) -> None:
    """Draw digits in groups of three, with a gap between groups that every language reads alike."""
    text = f"{count:,}"
    scale = min(1.0, (_RIGHT - _LEFT) / sum(_GAP if mark == "," else _ADVANCE for mark in text))
    x = float(_LEFT)
    for mark in text:
        if mark == ",":
            x += scale * _GAP
            continue
        for row, pixels in zip(rows[top:], _shape(mark, scale, _INK), strict=False):
            row[round(x) : round(x) + len(pixels)] = pixels
        x += scale * _ADVANCE


_ADVANCE: Final = 120
_GAP: Final = 34
_THICK: Final = 26


@lru_cache(64)
def _shape(name: str, scale: float, colour: int) -> Sequence[bytes]:
    """Return the rows of a digit at a scale, or of the round ends of a bar: put together, a disc of that radius."""
    if name == "bar":
        strokes: list[Stroke] = [((scale, scale), (scale, scale))]
        radius = scale
        width = height = 2 * scale
    else:
        strokes = [[(scale * (x + 2), scale * (y + 1)) for x, y in stroke] for stroke in _digits()[name]]
        radius, width, height = _THICK / 2 * scale, 104 * scale, 162 * scale
    rows = [bytearray(math.ceil(width)) for _ in range(math.ceil(height))]
    for stroke in strokes:
        _draw(rows, stroke, radius, colour)
    return [bytes(row) for row in rows]


def _draw(rows: Sequence[bytearray], stroke: Stroke, radius: float, colour: int) -> None:
    """Draw a stroke on an empty ground; a pixel is as dark as the part of it that is covered."""
    for number, row in enumerate(rows):
        covered = [0.0] * len(row)
        for part in range(_PARTS):
            for start, end in _intervals(stroke, radius, number + (part + 0.5) / _PARTS):
                for x in range(max(math.floor(start), 0), min(math.ceil(end), len(row))):
                    covered[x] += min(end, x + 1) - max(start, x)
        for x, share in enumerate(covered):
            step = round(min(share / _PARTS, 1) * (_STEPS - 1))
            # Where two strokes meet, the darker one counts.
            row[x] = max(row[x], colour + step if step else 0)


_PARTS: Final = 4
"""Lines that a row of pixels is looked at in."""


def _intervals(stroke: Stroke, radius: float, y: float) -> Iterator[Point]:
    """Return where a line across lies within a stroke, without overlaps."""
    found = sorted(filter(None, (_interval(*pair, radius, y) for pair in pairwise(stroke))))
    end = -math.inf
    for start, stop in found:
        if stop > end:
            yield max(start, end), stop
            end = stop


def _interval(begin: Point, end: Point, radius: float, y: float) -> Point | None:
    """Return where a line across lies within a line with round ends: in one of the discs, or between them."""
    xs: list[float] = []
    for at_x, at_y in (begin, end):
        if abs(y - at_y) < radius:
            half = math.sqrt(radius * radius - (y - at_y) ** 2)
            xs += [at_x - half, at_x + half]
    (x0, y0), (x1, y1) = begin, end
    length = math.dist(begin, end) or 1.0
    across, down = (x1 - x0) / length, (y1 - y0) / length
    # The sides: the line through both centres, moved by the radius.
    for side in (radius, -radius):
        corner_x, corner_y = x0 - down * side, y0 + across * side
        along = (y - corner_y) / down if abs(down) > _FLAT else math.inf
        if 0 <= along <= length:
            xs.append(corner_x + along * across)
    return (min(xs), max(xs)) if xs else None


_FLAT: Final = 1e-9


def _arc(x: float, y: float, across: float, down: float, start: float, end: float) -> Stroke:
    """Return a part of an ellipse around a point, between two angles in degrees, clockwise from the right."""
    steps = max(round(abs(end - start) / 9), 1)
    angles = (math.radians(start + (end - start) * step / steps) for step in range(steps + 1))
    return [(x + across * math.cos(angle), y + down * math.sin(angle)) for angle in angles]


@lru_cache(1)
def _digits() -> dict[str, Sequence[Stroke]]:
    """Return the strokes of each digit, 100 wide and 160 high."""
    six = [*_arc(74, 100, 62, 87, 272, 180), *_arc(50, 103, 38, 44, 180, 540)]
    nine = [(100 - x, 160 - y) for x, y in six]
    return {
        "0": [_arc(50, 80, 38, 67, 0, 360)],
        "1": [[(20, 42), (56, 14), (56, 147)]],
        "2": [[*_arc(50, 51, 36, 38, 185, 385), (14, 147), (88, 147)]],
        "3": [[*_arc(48, 46, 35, 33, 200, 450), (40, 79)], _arc(47, 113, 39, 34, 270, 520)],
        "4": [[(68, 147), (68, 14), (12, 108), (92, 108)]],
        "5": [[(82, 13), (25, 13), *_arc(48, 101, 38, 46, 222, 505)]],
        "6": [six],
        "7": [[(12, 13), (88, 13), (40, 147)]],
        "8": [_arc(50, 46, 33, 33, 0, 360), _arc(50, 113, 38, 34, 0, 360)],
        "9": [nine],
    }
