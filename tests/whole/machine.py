"""Play with the real bot until something breaks: invented lives of petitions, over real HTTP and real SQLite.

    python -m tests.whole.machine --steps 1000000 --seed 7

plays a million steps, or until a life goes wrong, which is then made as short as can be and printed.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import math
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager
from itertools import count
from pathlib import Path

import structlog
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test
from structlog.typing import EventDict, WrappedLogger

from bot.store import Store
from tests.whole import machine_actions, machine_rules
from tests.whole.machine_steps import WEIGHTS, perform
from tests.whole.machine_world import DIARY, World, Wrong, world

LIFE = 150
"""Steps of one life; the dust settles now and then, and at the end."""

SELDOM = 32
"""One settling rule in so many is one."""

NUMBERS = st.integers(0, 2**16)

MISTAKES: list[EventDict] = []
"""What the bot logged as errors: mistakes of ours, not of GitHub's."""

ACTIONS = (machine_actions, machine_rules)
"""Where the actions are, which being imported enters into the list."""

LIVES = 10
"""Lives that are played with one seed, at most."""


def play(steps: int, first_seed: int, *, shrink: bool = True) -> int:
    """Play at least so many steps; give how many. What goes wrong is raised, and how to see it again is printed."""
    phases = (Phase.generate, Phase.shrink) if shrink else (Phase.generate,)
    taken = 0
    with tempfile.TemporaryDirectory(prefix="machine-", dir=_fast_disk()) as folder, _silence():
        template = Path(folder, "template.db")
        asyncio.run(_migrate(template))
        for number in count(first_seed):
            if taken >= steps:
                return taken
            # Of each life about half of the steps are possible, and of a seed's first one, the simplest, only one.
            lives = min(LIVES, 1 + math.ceil(2 * (steps - taken) / LIFE))
            manner = settings(_SETTINGS, phases=phases, max_examples=lives)
            taken += _play_lives(number, Path(folder), template, manner)
    return taken


def main() -> None:
    """Play as long as the command line says."""
    arguments = argparse.ArgumentParser(prog="python -m tests.whole.machine", description=__doc__)
    arguments.add_argument("--steps", type=int, default=10_000)
    arguments.add_argument("--seed", type=int, default=0)
    arguments.add_argument("--as-it-is", action="store_true", help="do not shorten what goes wrong")
    asked = arguments.parse_args()
    began = time.monotonic()
    taken = play(asked.steps, asked.seed, shrink=not asked.as_it_is)
    print(f"{taken:,} steps from seed {asked.seed} in {time.monotonic() - began:.0f} s, and nothing went wrong")


class Life(RuleBasedStateMachine):
    """One life: each rule is an action of `machine_actions`, with a number that says whom it concerns."""

    seed = 0
    folder: Path
    template: Path
    taken = 0
    """Steps that were possible, of all lives together."""

    def __init__(self) -> None:
        super().__init__()
        MISTAKES.clear()
        DIARY.clear()
        self._runner = asyncio.Runner()
        self._stack = AsyncExitStack()
        database = self.folder / "undersigned.db"
        for leftover in self.folder.glob("undersigned.db*"):
            leftover.unlink()
        shutil.copy(self.template, database)
        self.world: World = self._runner.run(
            self._stack.enter_async_context(world(f"sqlite:///{database}", self.seed))
        )

    def step(self, name: str, number: int) -> None:
        """Take one step."""
        type(self).taken += self._runner.run(perform(self.world, (name, number)))

    @rule(number=NUMBERS)
    def settle_now_and_then(self, number: int) -> None:
        """Let the dust settle, which takes as long as a hundred steps."""
        if number % SELDOM == 0:
            self.settle()

    def settle(self) -> None:
        """Let the dust settle, and see whether everything is as it must be."""
        self._runner.run(self.world.settle())
        if MISTAKES:
            raise Wrong(f"the bot logged mistakes of its own: {MISTAKES}")

    def teardown(self) -> None:
        """Let the dust settle for the last time."""
        try:
            self.settle()
        finally:
            self._runner.run(self._stack.aclose())
            self._runner.close()


def _play_lives(number: int, folder: Path, template: Path, manner: settings) -> int:
    settled = {"seed": number, "folder": folder, "template": template}
    machine: type[Life] = type(f"Life{number}", (Life,), _rules() | settled)
    try:
        run_state_machine_as_test(seed(number)(machine), settings=manner)
    except BaseException:
        print(f"\nTo see it again: python -m tests.whole.machine --steps 1 --seed {number}")
        raise
    return machine.taken


def _rules() -> dict[str, object]:
    """Make a rule of each action, as many times as it has weight."""
    return {f"{name} {copy}": _rule(name) for name, weight in WEIGHTS.items() for copy in range(weight)}


def _rule(name: str) -> object:
    def step(self: Life, number: int) -> None:
        self.step(name, number)

    step.__name__ = name
    return rule(number=NUMBERS)(step)


def _fast_disk() -> str | None:
    """Give a place where nobody waits for a disk; what a crash leaves on one is another test's subject."""
    return "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108 - a folder of our own is made in it


async def _migrate(database: Path) -> None:
    await (await Store.open(f"sqlite:///{database}")).close()


@contextmanager
def _silence() -> Iterator[None]:
    """Keep the bot's log for when something goes wrong."""
    structlog.configure(processors=[_keep], wrapper_class=structlog.make_filtering_bound_logger(logging.INFO))
    try:
        yield
    finally:
        structlog.reset_defaults()


def _keep(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    DIARY.append(str(event))
    if "exc_info" in event:
        MISTAKES.append(event)
    raise structlog.DropEvent


_SETTINGS = settings(
    stateful_step_count=LIFE,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)

if __name__ == "__main__":
    main()
