"""The letter's versions: which text stood when, which one a signature was given to, and how two of them differ.

The letter is identified by its words, so that white space and line ends make no version. What is known of it are
sightings, each of a text at a time; consecutive ones of the same text are one version, which begins with the first
of them. A signature was given to the version that stood before the second in which it was made. Both follow from
times that GitHub gives, so it does not matter in which order they became known.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from difflib import SequenceMatcher
from enum import StrEnum
from itertools import groupby
from operator import attrgetter

from msgspec import Struct

from bot.units import WholeEpochSeconds


class Letter(Struct, frozen=True):
    """A version of the letter: its digest, when it was first seen, how many had signed then.

    `text` is None where it was not asked for or is not kept.
    """

    digest: str
    seen_at: WholeEpochSeconds
    count: int
    text: str | None = None


class Change(StrEnum):
    """What became of a passage from one version to the other."""

    SAME = "same"
    REMOVED = "removed"
    ADDED = "added"


class Passage(Struct, frozen=True):
    """A piece of text, and what became of it; put together, the pieces not removed are the later text."""

    change: Change
    text: str


def versions(sightings: Iterable[Letter]) -> tuple[Letter, ...]:
    """Return the versions that sightings, in time order, show; an earlier text that comes back is a new version."""
    return tuple(next(same) for _, same in groupby(sightings, key=attrgetter("digest")))


def given_to(letters: Sequence[Letter], signed_at: WholeEpochSeconds) -> int:
    """Return the place (from 0) of the version that a signature of this time was given to.

    Who signed before the first version was seen, signed that.
    """
    return max(bisect_left(letters, signed_at, key=attrgetter("seen_at")) - 1, 0)


def other_texts(letters: Sequence[Letter]) -> Iterator[tuple[WholeEpochSeconds, WholeEpochSeconds]]:
    """Return the times, from (exclusive) and to (inclusive), in which other texts than today's were signed."""
    for place, letter in enumerate(letters[:-1]):
        if letter.digest != letters[-1].digest:
            yield letter.seen_at if place else -1, letters[place + 1].seen_at


def differences(before: str, after: str) -> tuple[Passage, ...]:
    """Return how the later text differs, line by line and within changed lines word by word.

    White space at the ends of lines and their kind do not count.
    """
    old, new = _lines(before), _lines(after)
    if len(old) + len(new) > _MOST_LINES and old != new:
        return Passage(Change.REMOVED, "".join(old)), Passage(Change.ADDED, "".join(new))
    found: list[Passage] = []
    for tag, old_start, old_end, new_start, new_end in SequenceMatcher(None, old, new).get_opcodes():
        gone, come = old[old_start:old_end], new[new_start:new_end]
        if tag == "equal":
            found.append(Passage(Change.SAME, "".join(come)))
        else:
            found += _by_words(_words(gone), _words(come))
    return tuple(_joined(found))


# Comparing takes the square of their number at worst; letters have far fewer.
_MOST_LINES = 4_000
_MOST_WORDS = 2_000
"""In a changed part."""


def _lines(text: str) -> list[str]:
    return [f"{line.rstrip()}\n" for line in text.strip().splitlines()]


def _words(lines: Sequence[str]) -> list[str]:
    """Return words with the spaces around them as pieces of their own, so that together they are the lines."""
    pieces: list[str] = []
    for line in lines:
        for is_space, group in groupby(line, key=str.isspace):
            piece = "".join(group)
            pieces += [piece] if not is_space else list(piece)
    return pieces


def _by_words(gone: Sequence[str], come: Sequence[str]) -> Iterator[Passage]:
    if len(gone) + len(come) > _MOST_WORDS or not gone or not come:
        yield from (Passage(Change.REMOVED, "".join(gone)), Passage(Change.ADDED, "".join(come)))
        return
    for tag, old_start, old_end, new_start, new_end in SequenceMatcher(None, gone, come).get_opcodes():
        if tag == "equal":
            yield Passage(Change.SAME, "".join(come[new_start:new_end]))
            continue
        yield Passage(Change.REMOVED, "".join(gone[old_start:old_end]))
        yield Passage(Change.ADDED, "".join(come[new_start:new_end]))


def _joined(passages: Iterable[Passage]) -> Iterator[Passage]:
    """Leave out the empty ones, and make one of neighbours of a kind."""
    for change, group in groupby((one for one in passages if one.text), key=attrgetter("change")):
        yield Passage(change, "".join(one.text for one in group))
