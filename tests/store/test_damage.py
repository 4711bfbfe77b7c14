"""A damaged file is noticed and takes nothing more, and nobody writes over a file that is in use."""

from __future__ import annotations

import asyncio
import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from bot.store import Damaged, DatabaseUnavailable, Store, backup, check_health, restore
from bot.store.errors import WrongDatabase
from tests.store.damage import damage, in_another_process
from tests.store.scene import Scene


@pytest.fixture
def path(sqlite_url: str) -> Path:
    return Path(sqlite_url.removeprefix("sqlite:///"))


async def signed(url: str) -> Scene:
    scene = Scene(await Store.open(url))
    await scene.label()
    await scene.sign("ada")
    return scene


async def test_a_damaged_file_takes_nothing_more_and_is_still_read(sqlite_url: str, path: Path) -> None:
    scene = await signed(sqlite_url)
    damage(path, "writes")
    assert await scene.store.ping()
    with pytest.raises(Damaged, match="recover NEW-FILE"):
        await scene.store.database.check_integrity()
    with pytest.raises(DatabaseUnavailable, match="recover NEW-FILE"):
        await scene.sign("grace")
    assert await scene.count() == 1
    assert not await scene.store.ping()
    assert "recover" in scene.store.database.problem()
    await scene.store.close()


async def test_damage_that_a_delivery_meets_is_noticed_then(sqlite_url: str, path: Path) -> None:
    scene = await signed(sqlite_url)
    await scene.store.close()
    damage(path, "comments")
    scene.store = await Store.open(sqlite_url)
    with pytest.raises(DatabaseUnavailable, match="recover NEW-FILE"):
        await scene.sign("grace")
    assert not await scene.store.ping()
    await scene.store.close()


async def test_a_sound_file_is_found_sound(sqlite_url: str) -> None:
    scene = await signed(sqlite_url)
    await scene.store.database.check_integrity()
    assert await scene.store.ping()
    await scene.store.close()


@pytest.mark.parametrize("what", ["header", "schema", "alembic_version"])
async def test_what_is_no_database_any_more_is_not_opened(sqlite_url: str, path: Path, what: str) -> None:
    await (await signed(sqlite_url)).store.close()
    damage(path, what)
    with pytest.raises(Damaged, match=r"undersigned\.db is damaged .* recover NEW-FILE"):
        await Store.open(sqlite_url)
    health = await check_health(sqlite_url)
    assert health.is_damaged


@pytest.mark.parametrize("gone", ["undersigned.db", "undersigned.db-wal"])
async def test_a_file_that_is_taken_away_from_a_running_bot_is_missed(
    sqlite_url: str, path: Path, gone: str
) -> None:
    scene = await signed(sqlite_url)
    kept = path.with_name(gone).rename(path.with_name("kept"))
    with pytest.raises(DatabaseUnavailable, match="moved, replaced or deleted"):
        await scene.sign("grace")
    assert not await scene.store.ping()
    kept.rename(path.with_name(gone))
    await scene.sign("grace")
    assert await scene.count() == 2
    await scene.store.close()


async def test_a_file_that_is_replaced_under_a_running_bot_gets_nothing(sqlite_url: str, path: Path) -> None:
    scene = await signed(sqlite_url)
    backup(sqlite_url, path.with_name("copy"))
    path.with_name("copy").replace(path)
    with pytest.raises(DatabaseUnavailable, match="moved, replaced or deleted"):
        await scene.sign("grace")
    await scene.store.close()


@pytest.mark.parametrize(
    "name",
    ["undersigned.db", "undersigned.db-wal", "undersigned.db-shm", "undersigned.db-lease", "link", "other-name"],
)
async def test_no_copy_is_written_over_the_database_itself(sqlite_url: str, path: Path, name: str) -> None:
    scene = await signed(sqlite_url)
    async with scene.store.lease(1):
        path.with_name("link").symlink_to(path)
        os.link(path, path.with_name("other-name"))
        with pytest.raises(WrongDatabase, match=r"choose another name"):
            backup(sqlite_url, path.with_name(name))
        path.with_name("other-name").unlink()
    await scene.sign("grace")
    assert await scene.count() == 2
    await scene.store.close()


async def test_no_copy_is_written_over_another_bots_database(sqlite_url: str, path: Path) -> None:
    other = await signed(f"sqlite:///{path}.other")
    scene = await signed(sqlite_url)
    with pytest.raises(WrongDatabase, match=r"choose another name"):
        backup(sqlite_url, path.with_name("undersigned.db.other"))
    await other.store.close()
    with pytest.raises(WrongDatabase, match=r"choose another name"):
        backup(sqlite_url, path.with_name("undersigned.db.other"))
    await scene.store.close()


async def test_nothing_is_restored_from_itself_nor_over_what_is_damaged(sqlite_url: str, path: Path) -> None:
    scene = await signed(sqlite_url)
    await scene.store.close()
    with pytest.raises(WrongDatabase, match="the database itself"):
        restore(sqlite_url, path)
    backup(sqlite_url, path.with_name("copy"))
    damage(path, "header")
    with pytest.raises(Damaged, match="move this file"):
        restore(sqlite_url, path.with_name("copy"))
    os.unlink(path)  # noqa: PTH108 - nobody waits
    restore(sqlite_url, path.with_name("copy"))
    scene.store = await Store.open(sqlite_url)
    assert await scene.count() == 1
    await scene.store.close()


async def test_a_damaged_file_is_not_copied_as_if_it_were_sound(sqlite_url: str, path: Path) -> None:
    await (await signed(sqlite_url)).store.close()
    damage(path, "signatures")
    with pytest.raises(WrongDatabase, match="damaged"):
        backup(sqlite_url, path.with_name("copy"))
    assert sorted(file.name for file in path.parent.iterdir() if "-" not in file.name) == ["undersigned.db"]


async def test_what_another_process_closes_takes_nothing_from_us(sqlite_url: str, path: Path) -> None:
    """The fault of 0.1.0: our own second connection took all locks away, and others deleted the WAL under us."""
    scene = await signed(sqlite_url)
    await scene.store.database.check_integrity()
    async with scene.store.lease(1):
        program = "import asyncio, sys; from bot.store import check_health; asyncio.run(check_health(sys.argv[1]))"
        in_another_process(program, sqlite_url)
        assert path.with_name("undersigned.db-wal").exists()
        await scene.sign("grace")
    with closing(sqlite3.connect(path)) as other:
        assert other.execute("SELECT count(*) FROM signatures").fetchone() == (2,)
    await scene.store.close()


async def test_a_long_check_ends_with_the_bot(sqlite_url: str) -> None:
    scene = await signed(sqlite_url)
    check = asyncio.ensure_future(scene.store.database.check_integrity())
    await asyncio.sleep(0)
    check.cancel()
    with pytest.raises(asyncio.CancelledError):
        await check
    await scene.store.close()
