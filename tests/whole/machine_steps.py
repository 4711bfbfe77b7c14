"""The steps of an invented life: actions by name, and the number that says whom and what each concerns."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from sandbox.models import Refused
from tests.whole.machine_world import World

T = TypeVar("T")

Step = tuple[str, int]
"""The name of an action, and a number that says whom and what it concerns."""


class Impossible(Exception):
    """There is nobody and nothing that the action could concern now."""


@dataclass(slots=True)
class Choice:
    """Turns a number into choices, the first of each kind for the smallest numbers."""

    number: int

    def below(self, limit: int) -> int:
        self.number, chosen = divmod(self.number, limit)
        return chosen

    def of(self, things: Sequence[T]) -> T:
        if not things:
            raise Impossible
        return things[self.below(len(things))]


Action = Callable[[World, Choice], Awaitable[None] | None]
ACTIONS: dict[str, Action] = {}
WEIGHTS: dict[str, int] = {}


def action(weight: int) -> Callable[[Action], Action]:
    """List a function as an action; one of a greater weight happens more often."""

    def register(function: Action) -> Action:
        name = function.__name__
        ACTIONS[name], WEIGHTS[name] = function, weight
        return function

    return register


async def perform(world: World, step: Step) -> bool:
    """Let something happen; tell whether it was possible."""
    name, number = step
    try:
        outcome = ACTIONS[name](world, Choice(number))
        if outcome is not None:
            await outcome
    except (Impossible, Refused):
        return False
    return True
