"""What only a file can do to us."""

from __future__ import annotations

import asyncio
import sqlite3
import sys
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest

from bot.store import DatabaseUnavailable, Store
from bot.store.engine import sqlite as sqlite_engine
from bot.store.engine.database import Transaction
from tests.store.scene import LETTER, Scene, pragma

RECORDER = """
import asyncio, sys
from bot.petition.comments.commands import Sign
from bot.petition.comments.comment import Author
from bot.store import Store
from tests.store.scene import Scene

async def main(url):
    scene = Scene(await Store.open(url))
    await scene.label()
    async def sign(number):
        fact = scene.fact(Author(number, f"user{number}"), Sign("Ada"))
        await scene.store.record([fact])
        print(number, flush=True)
    for start in range(1, 100_000, 20):
        await asyncio.gather(*(sign(number) for number in range(start, start + 20)))

asyncio.run(main(sys.argv[1]))
"""


def content(file: Path) -> bytes:
    return file.read_bytes()


@pytest.fixture
def path(sqlite_url: str) -> Path:
    return Path(sqlite_url.removeprefix("sqlite:///"))


@pytest.fixture
async def scene(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Scene]:
    monkeypatch.setattr(sqlite_engine, "LOCK_SECONDS", 0.05)
    scene = Scene(await Store.open(sqlite_url))
    await scene.label()
    yield scene
    await scene.store.close()


async def test_what_was_acknowledged_survives_a_kill(sqlite_url: str) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", RECORDER, sqlite_url, stdout=asyncio.subprocess.PIPE, cwd=Path(__file__).parents[2]
    )
    assert process.stdout is not None
    acknowledged = {int(await process.stdout.readline()) for _ in range(150)}
    process.kill()
    acknowledged |= {
        int(line) for line in (await process.stdout.read()).splitlines(keepends=True) if line[-1:] == b"\n"
    }
    await process.wait()
    store = await Store.open(sqlite_url)
    snapshot = await store.petitions.get_snapshot(LETTER.id, 1_000_000)
    await store.close()
    assert len(acknowledged) >= 150
    assert acknowledged <= {signature.user_id for signature in snapshot.newest}
    assert snapshot.count == len(snapshot.newest)


async def test_every_commit_goes_to_the_disk(scene: Scene) -> None:
    assert await pragma(scene.store, "journal_mode") == "wal"
    assert await pragma(scene.store, "synchronous") == 2


async def test_a_statement_may_name_its_values_in_any_sequence_and_twice(scene: Scene) -> None:
    question = "SELECT $2, $1, $2, $3 = ANY($4::BIGINT[])"

    def ask(transaction: Transaction) -> list[tuple[object, ...]]:
        return [tuple(row) for row in transaction.fetch(question, 1, "b", 7, [6, 7])]

    assert await scene.store.database.read(ask) == [("b", 1, "b", 1)]


async def test_rows_may_be_written_one_by_one_likewise(scene: Scene) -> None:
    change = "UPDATE petitions SET revision = $2, published_revision = $2 - 1 WHERE id >= $1"
    question = "SELECT revision, published_revision FROM petitions"

    def act(transaction: Transaction) -> list[tuple[object, ...]]:
        transaction.each(change, [(0, 70), (1, 80)])
        return [tuple(row) for row in transaction.fetch(question)]

    assert await scene.store.database.write(act) == [(80, 79)]


async def test_a_locked_file_is_no_catastrophe(scene: Scene, path: Path) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(DatabaseUnavailable, match="locked"):
            await scene.sign("ada")
        assert await scene.count() == 0
    await scene.sign("ada")
    assert await scene.count() == 1


async def test_a_statement_that_makes_no_sense_is_a_mistake_of_ours_and_no_outage(scene: Scene) -> None:
    broken = "UPDATE marks SET no_such_column = $1"
    with pytest.raises(sqlite3.OperationalError, match="no such column"):
        await scene.store.database.write(lambda work: work.execute(broken, 1))
    assert await scene.store.ping()


async def test_a_full_disk_is_no_catastrophe(scene: Scene) -> None:
    await pragma(scene.store, "max_page_count = 1")
    with pytest.raises(DatabaseUnavailable, match="full"):
        await scene.sign("ada", "A very long name " * 5_000)
    await pragma(scene.store, "max_page_count = 1000000")
    before = await scene.count()
    await scene.sign("somebody else")
    assert await scene.count() == before + 1


async def test_a_read_only_file_is_unavailable_until_it_can_be_written_again(sqlite_url: str) -> None:
    scene = Scene(await Store.open(sqlite_url))
    await pragma(scene.store, "query_only = 1")
    with pytest.raises(DatabaseUnavailable, match="readonly"):
        await scene.label()
    assert not await scene.store.ping()
    await pragma(scene.store, "query_only = 0")
    assert await scene.store.ping()
    await scene.store.close()


async def test_a_directory_that_is_not_there_is_unavailable(tmp_path: Path) -> None:
    with pytest.raises(DatabaseUnavailable, match=r"cannot be opened: the folder .* does not exist"):
        await Store.open(f"sqlite:///{tmp_path}/nowhere/undersigned.db")


async def test_readers_do_not_wait_for_a_writer(scene: Scene, path: Path) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert await asyncio.wait_for(scene.count(), 60) == 0


async def test_a_large_wal_is_copied_into_the_file_only_while_nobody_writes(
    scene: Scene, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = scene.store.database
    assert isinstance(database, sqlite_engine.SqliteDatabase)
    before = content(path)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        await scene.sign("ada")
        monkeypatch.setattr(sqlite_engine, "WAL_SIZE", 0)
        other.execute("BEGIN IMMEDIATE")
        database._checkpoint()
        assert content(path) == before
        other.execute("ROLLBACK")
        await scene.sign("grace")
    assert content(path) != before
    assert await scene.count() == 2


async def test_no_connection_copies_the_wal_on_its_own(scene: Scene) -> None:
    database = scene.store.database
    assert isinstance(database, sqlite_engine.SqliteDatabase)
    await scene.count()
    pages = [one.execute("PRAGMA wal_autocheckpoint").fetchone()[0] for one in database._connections]
    assert len(pages) > 1
    assert set(pages) == {0}


async def test_only_one_process_reconciles(sqlite_url: str) -> None:
    one, other = await Store.open(sqlite_url), await Store.open(sqlite_url)
    async with one.lease(1) as mine, one.lease(2) as mine_too, one.lease(1) as twice, other.lease(3) as theirs:
        assert (bool(mine), bool(mine_too), bool(twice), bool(theirs)) == (True, True, False, False)
    async with other.lease(1) as theirs:
        assert theirs
    await one.close()
    await other.close()


async def test_leases_that_are_asked_for_at_the_same_moment_are_all_given_and_all_given_back(
    sqlite_url: str,
) -> None:
    one, other = await Store.open(sqlite_url), await Store.open(sqlite_url)

    async def work(installation_id: int) -> bool:
        async with one.lease(installation_id) as mine, other.lease(installation_id) as theirs:
            return bool(mine) and not theirs

    for _ in range(20):
        assert await asyncio.gather(*(work(installation_id) for installation_id in range(3))) == [True] * 3
        async with other.lease(1) as theirs:
            assert theirs
    await one.close()
    await other.close()


async def test_the_lease_file_leaves_the_database_alone(scene: Scene, path: Path) -> None:
    async with scene.store.lease(1):
        await scene.sign("ada")
    names = {file.name for file in path.parent.iterdir()}
    assert names == {path.name, f"{path.name}-lease", f"{path.name}-shm", f"{path.name}-wal"}
