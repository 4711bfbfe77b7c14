"""The picture beside a link shows the count and a bar, is a PNG as its standard says, and needs no font."""

from __future__ import annotations

import struct
import zlib
from itertools import pairwise

import pytest

from bot.export.badge_and_card import HEIGHT, WIDTH, card

PAPER, INK, TRACK, FILL = (251, 250, 248), (35, 33, 29), (228, 224, 216), (61, 79, 181)
BAR = 445
"""A row in the middle of the bar."""

Pixels = list[list[tuple[int, ...]]]


def read(picture: bytes) -> Pixels:
    """Read a PNG as any program does that knows filter 0 only."""
    assert picture.startswith(b"\x89PNG\r\n\x1a\n")
    chunks: dict[bytes, bytes] = {}
    place = 8
    while place < len(picture):
        (size,) = struct.unpack(">I", picture[place : place + 4])
        name, data = picture[place + 4 : place + 8], picture[place + 8 : place + 8 + size]
        (check,) = struct.unpack(">I", picture[place + 8 + size : place + 12 + size])
        assert check == zlib.crc32(name + data)
        chunks[name] = data
        place += 12 + size
    assert list(chunks) == [b"IHDR", b"PLTE", b"IDAT", b"IEND"]
    assert struct.unpack(">IIBBBBB", chunks[b"IHDR"]) == (WIDTH, HEIGHT, 8, 3, 0, 0, 0)
    palette = [tuple(chunks[b"PLTE"][at : at + 3]) for at in range(0, len(chunks[b"PLTE"]), 3)]
    assert len(palette) <= 256
    raw = zlib.decompress(chunks[b"IDAT"])
    assert len(raw) == HEIGHT * (WIDTH + 1)
    rows = [raw[at : at + WIDTH + 1] for at in range(0, len(raw), WIDTH + 1)]
    assert {row[0] for row in rows} == {0}
    return [[palette[pixel] for pixel in row[1:]] for row in rows]


def count_of(colour: tuple[int, ...], pixels: Pixels, row: int) -> int:
    return pixels[row].count(colour)


@pytest.mark.parametrize(
    ("count", "goals", "filled"),
    [(0, [4], 0), (1, [4], 0.25), (3, [2, 4], 0.75), (4, [4], 1), (9, [4], 1), (1, [100_000], 0.03)],
)
def test_the_bar_is_as_long_as_the_way_that_is_behind(count: int, goals: list[int], filled: float) -> None:
    pixels = read(card(count, goals))
    assert count_of(FILL, pixels, BAR) - 22 == pytest.approx(980 * filled, abs=2)
    assert count_of(TRACK, pixels, BAR) == pytest.approx(980 * (1 - filled), abs=2)


def test_without_a_goal_there_is_no_bar() -> None:
    assert count_of(TRACK, read(card(5, [])), BAR) == 0


def ink(count: int) -> Pixels:
    """Return where the count stands."""
    return [row[100:1100] for row in read(card(count, [10**12]))[225:400]]


@pytest.mark.parametrize("digit", range(10))
def test_each_digit_looks_like_itself_alone(digit: int) -> None:
    shapes = [ink(other) for other in range(10)]
    assert [other for other in range(10) if shapes[other] == shapes[digit]] == [digit]
    # Nothing is cut off at the edges of where it is drawn.
    whole = [pixel for row in ink(digit) for pixel in row]
    assert whole.count(INK) > 3_000
    assert {pixel for row in ink(digit) for pixel in (row[0], row[9])} == {PAPER}


@pytest.mark.parametrize("count", [7, 88, 12_345, 8_888_888, 88_888_888, 8_888_888_888])
def test_any_count_fits(count: int) -> None:
    pixels = ink(count)
    assert all(pixel == PAPER for row in pixels for pixel in row[995:])
    columns = [any(row[x] == INK for row in pixels) for x in range(1000)]
    # Digits do not touch each other.
    gaps = sum(one and not other for one, other in pairwise(columns))
    assert gaps == len(str(count))


def test_the_picture_is_small_and_the_same_each_time() -> None:
    assert card(1_234, [2_000]) == card(1_234, [2_000])
    assert len(card(1_234_567, [2_000_000])) < 40_000
