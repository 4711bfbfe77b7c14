"""The scene that most stories play in, and the parts of others."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from sandbox.server import Sandbox
from tests.whole.recorded_calls import Calls
from tests.whole.scene import Clock, Scene, scene


@pytest.fixture
async def stage(sqlite_url: str) -> AsyncIterator[Scene]:
    async with scene(sqlite_url) as found:
        yield found


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    """A GitHub without a bot."""
    found = Sandbox()
    await found.start()
    yield found
    await found.stop()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def calls() -> Calls:
    return Calls()
