"""The letter's versions: which text stood when, and which one a signature was given to.

The letter is identified by its words, so that white space and line ends make no version. What is known of it are
sightings, each of a text at a time; consecutive ones of the same text are one version, which begins with the first
of them. A signature was given to the version that stood before the second in which it was made. Both follow from
times that GitHub gives, so it does not matter in which order they became known.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from operator import attrgetter

from msgspec import Struct

from bot.time_types import WholeEpochSeconds


class Letter(Struct, frozen=True):
    """A version of the letter: its digest, when it was first seen, how many had signed then.

    `text` is None where it was not asked for or is not kept.
    """

    digest: str
    seen_at: WholeEpochSeconds
    count: int
    text: str | None = None


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
    place = 0
    for is_other, group in groupby(letters[:-1], key=lambda one: one.digest != letters[-1].digest):
        first, place = place, place + len(list(group))
        if is_other:
            yield letters[first].seen_at if first else -1, letters[place].seen_at
