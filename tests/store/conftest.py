"""An open store with a petition in it."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.store import Store
from tests.databases import ENGINES
from tests.store.recovery_cases import Case, Damage, Make, Sound, people_are_forgotten, people_sign
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


@pytest.fixture(scope="session")
def sound(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Sound:
    path = tmp_path_factory.mktemp("sound") / "bot.db"
    shutil.copy(sqlite_template, path)
    asyncio.run(people_sign(path))
    earlier = path.read_bytes()
    asyncio.run(people_are_forgotten(path))
    return Sound(path.read_bytes(), earlier)


@pytest.fixture
def damaged(tmp_path: Path, sound: Sound) -> Make:
    def make(damage: Damage) -> Case:
        content = bytearray(sound.content)
        damage(content)
        (tmp_path / "bot.db").write_bytes(content)
        return Case(tmp_path / "bot.db", tmp_path / "new.db")

    return make
