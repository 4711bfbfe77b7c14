"""A copy never takes the place of the database that it is made from, whatever it is called."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import sys
from asyncio.subprocess import PIPE, STDOUT
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from bot.store import Store, StoreError, backup, restore
from tests.store.scene import Scene

ROOT = Path(__file__).parents[2]
NAMES = ("bot.db", "bot.db-wal", "bot.db-shm", "bot.db-journal", "bot.db-lease", "there/bot.db", "a/../bot.db")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("copying", [backup, restore])
async def test_a_database_is_neither_copied_onto_itself_nor_restored_from_itself(
    tmp_path: Path, name: str, copying: Callable[[str, Path], None]
) -> None:
    database = tmp_path / "bot.db"
    scene = await begun(database)
    prepare(tmp_path)
    with pytest.raises(StoreError):
        copying(f"sqlite:///{database}", tmp_path / name)
    await goes_on(scene, database)


@pytest.mark.parametrize("name", ["kept/bot.db", "kept/bot.db-wal", "kept/bot.db-shm", "kept/bot.db-lease"])
async def test_no_copy_is_put_where_a_symbolic_link_says_that_the_database_is(tmp_path: Path, name: str) -> None:
    (tmp_path / "kept").mkdir()
    link = tmp_path / "link.db"
    link.symlink_to("kept/bot.db")
    scene = await begun(link)
    with pytest.raises(StoreError):
        backup(f"sqlite:///{link}", tmp_path / name)
    await goes_on(scene, link)


async def test_a_database_may_be_called_as_an_unfinished_copy_is(tmp_path: Path) -> None:
    database = tmp_path / "copy.part"
    scene = await begun(database)
    # In a process of its own: SQLite tries for ever to copy onto itself, and listens to nobody.
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot", "backup", str(tmp_path / "copy"), cwd=ROOT, stdout=PIPE, stderr=STDOUT,
        env=os.environ | {"DATABASE_URL": f"sqlite:///{database}"},
    )  # fmt: skip
    try:
        said, _ = await asyncio.wait_for(process.communicate(), 60)
    except TimeoutError:
        process.kill()
        await process.communicate()
        raise
    assert b"Traceback" not in said
    await goes_on(scene, database)


async def begun(database: Path) -> Scene:
    scene = Scene(await Store.open(f"sqlite:///{database}"))
    await scene.label()
    await scene.sign("ada")
    return scene


async def goes_on(scene: Scene, database: Path) -> None:
    """See that a bot that has the database open loses nothing."""
    await scene.sign("grace")
    with closing(sqlite3.connect(database)) as file:
        assert file.execute("SELECT count(*) FROM signatures").fetchone() == (2,)
    await scene.store.close()


def prepare(folder: Path) -> None:
    (folder / "a").mkdir()
    (folder / "there").symlink_to(folder)
