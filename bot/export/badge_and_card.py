"""Pictures of how many have signed: a badge, and the card that social sites show beside a link.

The card is a PNG, which all of them take. It is put together, without any font, from the parts of
`templates/card.png`, a picture without filters. At the top is the card without its count. Below that stand the
digits, side by side, and behind them two discs, from which the round ends of the bar are taken.
"""

from __future__ import annotations

import math
import struct
import zlib
from collections.abc import Sequence
from functools import cache
from html import escape
from importlib import resources
from typing import Final

from bot.export.json_csv_and_atom import ShieldRecord
from bot.petition.goals import next_goal


def badge(count: int) -> str:
    """Return the count as a badge: SVG, 20 pixels high."""
    value = f"{count:,}"
    left, right = _text_width(_BADGE_LABEL) + 12, _text_width(value) + 12
    name = escape(f"{_BADGE_LABEL}: {value}")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{left + right}" height="20" role="img"'
        f' aria-label="{name}">'
        f"<title>{name}</title>"
        f'<clipPath id="r"><rect width="{left + right}" height="20" rx="4"/></clipPath>'
        f'<g clip-path="url(#r)"><rect width="{left}" height="20" fill="#4a4d57"/>'
        f'<rect x="{left}" width="{right}" height="20" fill="{_BADGE_COLOUR}"/></g>'
        f'<g fill="#fff" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11">'
        f"{_badge_text(6, left - 12, _BADGE_LABEL)}{_badge_text(left + 6, right - 12, value)}</g></svg>"
    )


def shield_record(count: int) -> ShieldRecord:
    """Return the count as shields.io takes it for a badge of its own."""
    return ShieldRecord(label=_BADGE_LABEL, message=f"{count:,}", color=_BADGE_COLOUR.removeprefix("#"))


_BADGE_LABEL: Final = "signatures"
_BADGE_COLOUR: Final = "#3d4fb5"
_NARROW: Final = frozenset("ijl,.:;'|!fIt ")


def _text_width(text: str) -> int:
    """Estimate the width of a text in pixels; `textLength` makes the letters fit."""
    return round(sum(4.2 if letter in _NARROW else 7 for letter in text))


def _badge_text(x: int, width: int, text: str) -> str:
    return f'<text x="{x}" y="14" textLength="{width}" lengthAdjust="spacingAndGlyphs">{escape(text)}</text>'


WIDTH: Final = 1_200
HEIGHT: Final = 630


def card(count: int, goals: Sequence[int]) -> bytes:
    """Return the picture; its bar goes to the next of the goals, and is not there without any."""
    goal = next_goal(goals, count)
    rows = [bytearray(row) for row in _template()[1][:HEIGHT]]
    _draw_number(rows, count, 232 if goal else 262)
    if goal:
        _draw_bar(rows, _RIGHT, _TRACK_DISC)
        if count:
            _draw_bar(rows, _LEFT + max(round((_RIGHT - _LEFT) * min(count / goal, 1)), _BAR), _FILL_DISC)
    return _png(rows)


_LEFT: Final = 110
_RIGHT: Final = 1_090
_BAR_TOP: Final = 430
_BAR: Final = 30
"""How high the bar is, and how wide a disc."""

_DIGIT_WIDTH: Final = 104
_DIGIT_HEIGHT: Final = 162
_ADVANCE: Final = 120
_GAP: Final = 34
_TRACK_DISC: Final = 10 * _DIGIT_WIDTH
_FILL_DISC: Final = _TRACK_DISC + _BAR


def _png(rows: Sequence[bytearray]) -> bytes:
    """Return rows of palette entries as a file; https://www.w3.org/TR/png-3/."""
    header = struct.pack(">IIBBBBB", WIDTH, HEIGHT, 8, 3, 0, 0, 0)
    pixels = zlib.compress(b"".join(b"\0" + row for row in rows), 6)
    chunks = ((b"IHDR", header), (b"PLTE", _template()[0]), (b"IDAT", pixels), (b"IEND", b""))
    return _SIGNATURE + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        for name, data in chunks
    )


_SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"


@cache
def _template() -> tuple[bytes, Sequence[bytes]]:
    """Return the palette and the rows of the template."""
    file = resources.files("bot.export").joinpath("templates/card.png").read_bytes()
    chunks, place = {}, len(_SIGNATURE)
    while place < len(file):
        (size,) = struct.unpack(">I", file[place : place + 4])
        chunks[file[place + 4 : place + 8]] = file[place + 8 : place + 8 + size]
        place += size + 12
    # Without filters, each row is a 0 and its pixels.
    pixels, line = zlib.decompress(chunks[b"IDAT"]), WIDTH + 1
    return chunks[b"PLTE"], [pixels[at + 1 : at + line] for at in range(0, len(pixels), line)]


def _draw_bar(rows: Sequence[bytearray], right: int, disc: int) -> None:
    half = _BAR // 2
    for row, parts in zip(rows[_BAR_TOP:], _template()[1][HEIGHT : HEIGHT + _BAR], strict=False):
        end = parts[disc : disc + _BAR]
        row[_LEFT : _LEFT + half] = end[:half]
        row[_LEFT + half : right - half] = end[half : half + 1] * (right - _LEFT - _BAR)
        # Beyond its end stays what was drawn before.
        row[right - half : right] = bytes(
            new or old for new, old in zip(end[half:], row[right - half :], strict=False)
        )


def _draw_number(rows: Sequence[bytearray], count: int, top: int) -> None:
    """Draw digits in groups of three, with a gap between groups that every language reads alike."""
    text = f"{count:,}"
    scale = min(1.0, (_RIGHT - _LEFT) / sum(_GAP if mark == "," else _ADVANCE for mark in text))
    columns = [int(x / scale) for x in range(math.ceil(_DIGIT_WIDTH * scale))]
    left = float(_LEFT)
    for mark in text:
        if mark == ",":
            left += scale * _GAP
            continue
        at, begin = round(left), _DIGIT_WIDTH * int(mark)
        for y in range(math.ceil(_DIGIT_HEIGHT * scale)):
            parts = _template()[1][HEIGHT + int(y / scale)]
            rows[top + y][at : at + len(columns)] = bytes(parts[begin + x] for x in columns)
        left += scale * _ADVANCE
