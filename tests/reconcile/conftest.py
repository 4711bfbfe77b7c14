"""The scene that most stories play in."""

from __future__ import annotations

from collections.abc import AsyncIterator

import aiohttp
import pytest

from tests.reconcile.scene import Scene, WorkerScene, scene


@pytest.fixture
async def stage(sqlite_url: str) -> AsyncIterator[Scene]:
    async with scene(sqlite_url) as found:
        yield found


@pytest.fixture
async def shift(stage: Scene) -> AsyncIterator[WorkerScene]:
    async with aiohttp.ClientSession() as session:
        yield WorkerScene(stage, session)
