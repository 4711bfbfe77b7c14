"""What two sequences have in common, by Myers' algorithm, with a limit for how long it may look.

https://doi.org/10.1007/BF01840446
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence

from msgspec import Struct


class Budget(Struct):
    """The comparisons that are left; without any, what differs counts as different altogether."""

    left: int = 500_000


class Common(Struct, frozen=True):
    """A run that both sequences have: where it begins in each, and how long it is."""

    old: int
    new: int
    size: int


def common_runs(old: Sequence[Hashable], new: Sequence[Hashable], budget: Budget) -> list[Common]:
    """Return the runs that both sequences have, in order, so that as little as possible is left between them."""
    shorter = min(len(old), len(new))
    start = next((place for place in range(shorter) if old[place] != new[place]), shorter)
    tail = next((place for place in range(shorter - start) if old[-1 - place] != new[-1 - place]), shorter - start)
    middle = _middle(old[start : len(old) - tail], new[start : len(new) - tail], budget)
    runs = [Common(start + one.old, start + one.new, one.size) for one in middle]
    whole = [Common(0, 0, start), *runs, Common(len(old) - tail, len(new) - tail, tail)]
    return [one for one in whole if one.size]


def without_chance(runs: Sequence[Common], old_length: int, new_length: int) -> Iterator[Common]:
    """Leave out short runs between long changes: such words are the same by chance, and make them hard to read."""
    end_old = end_new = 0
    for one, following in zip(runs, [*runs, Common(old_length, new_length, 0)][1:], strict=True):
        before = one.old - end_old + one.new - end_new
        behind = following.old - one.old - one.size + following.new - one.new - one.size
        if one.size * 3 >= min(before, behind):
            yield one
            end_old, end_new = one.old + one.size, one.new + one.size


def _middle(old: Sequence[Hashable], new: Sequence[Hashable], budget: Budget) -> list[Common]:
    furthest = {1: 0}
    trace: list[dict[int, int]] = []
    for edits in range(len(old) + len(new) + 1):
        trace.append(dict(furthest))
        for diagonal in range(-edits, edits + 1, 2):
            begin = x = (
                furthest[diagonal + 1] if _is_down(furthest, edits, diagonal) else furthest[diagonal - 1] + 1
            )
            while x < len(old) and x - diagonal < len(new) and old[x] == new[x - diagonal]:
                x += 1
            furthest[diagonal] = x
            budget.left -= 1 + x - begin
            if x >= len(old) and x - diagonal >= len(new):
                return list(_walk_back(trace, len(old), len(new)))[::-1]
        budget.left -= edits
        if budget.left < 0:
            break
    return []


def _is_down(furthest: dict[int, int], edits: int, diagonal: int) -> bool:
    """Return whether a path gets to a diagonal by an addition, and not by a removal."""
    return diagonal == -edits or (diagonal != edits and furthest[diagonal - 1] < furthest[diagonal + 1])


def _walk_back(trace: Sequence[dict[int, int]], x: int, y: int) -> Iterator[Common]:
    for edits in range(len(trace) - 1, -1, -1):
        furthest, diagonal = trace[edits], x - y
        if edits == 0:
            before_x = before_y = 0
        else:
            before = diagonal + 1 if _is_down(furthest, edits, diagonal) else diagonal - 1
            before_x, before_y = furthest[before], furthest[before] - before
        size = min(x - before_x, y - before_y)
        if size > 0:
            yield Common(x - size, y - size, size)
        x, y = before_x, before_y
