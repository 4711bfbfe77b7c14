"""The goals of a petition: which is the next one, and which were reached when."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec import Struct


class Milestone(Struct, frozen=True):
    """A goal that is reached, and the day of its signature, in days since the epoch in UTC."""

    goal: int
    day: int


def next_goal(goals: Sequence[int], count: int) -> int | None:
    """Return the first goal that is not reached, or the last one if all are; None where there is none."""
    return next((goal for goal in goals if goal > count), goals[-1] if goals else None)


def milestones(goals: Sequence[int], days: Iterable[tuple[int, int]]) -> tuple[Milestone, ...]:
    """Return which goals are reached and when, from the standing signatures of each day, ascending.

    It follows from the signatures that stand, so that it is taken back when they fall below.
    """
    reached: list[Milestone] = []
    count = 0
    for day, signatures in days:
        count += signatures
        reached += [Milestone(goal, day) for goal in goals[len(reached) :] if goal <= count]
    return tuple(reached)
