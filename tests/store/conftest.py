"""An open store with a petition in it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.store import Store
from tests.databases import ENGINES
from tests.store.scene import Scene

NOW = 1_000.0


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[Store]:
    store = await Store.open(database_url, label="petition", now=lambda: NOW)
    yield store
    await store.close()


@pytest.fixture
async def scene(store: Store) -> Scene:
    scene = Scene(store)
    await scene.label()
    return scene


@pytest.fixture(params=ENGINES)
def new_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/new.db"
    url: str = request.getfixturevalue("new_postgres_url")
    return url
