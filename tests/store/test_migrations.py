"""Bringing a database to this version."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import Connection, inspect

from bot.store import DatabaseUnavailable, Store, migrate_ahead, migrations
from bot.store.engine.database import connect
from bot.store.engine.url import read_address
from bot.store.errors import WrongDatabase
from tests.store.scene import LETTER, Scene, rows


async def test_an_empty_database_becomes_ours(new_url: str) -> None:
    scene = Scene(await Store.open(new_url))
    await scene.label()
    await scene.sign("ada")
    await scene.store.close()
    store = await Store.open(new_url)
    assert (await store.petitions.get_snapshot(LETTER.id, 5)).count == 1
    assert await rows(store, "SELECT version_num FROM alembic_version") == [(migrations.HEAD,)]
    await store.close()


async def test_processes_that_start_at_once_do_not_cross(new_url: str) -> None:
    stores = await asyncio.gather(*(Store.open(new_url) for _ in range(4)))
    for store in stores:
        assert await rows(store, "SELECT count(*) FROM petitions") == [(0,)]
        await store.close()


async def test_a_newer_database_is_refused(new_url: str) -> None:
    store = await Store.open(new_url)
    newer = "UPDATE alembic_version SET version_num = '9999'"
    await store.database.write(lambda work: work.execute(newer))
    await store.close()
    with pytest.raises(WrongDatabase, match="version 9999, which is newer than this program"):
        await Store.open(new_url)


async def test_ids_of_64_bits_fit_everywhere(new_url: str) -> None:
    def narrow(connection: Connection) -> set[str]:
        columns = inspect(connection)
        return {
            f"{table}.{column['name']}"
            for table in columns.get_table_names()
            for column in columns.get_columns(table)
            if str(column["type"]) == "INTEGER"
        }

    store = await Store.open(new_url)
    found = await store.database.alter(narrow, 60)
    await store.close()
    if new_url.startswith("postgresql"):
        assert found == {"petitions.attempts", "threads.position"}


def test_an_up_to_date_database_is_opened_without_sqlalchemy_and_alembic(sqlite_url: str) -> None:
    program = (
        "import asyncio, sys; from bot.store import Store\n"
        "async def main(): await (await Store.open(sys.argv[1])).close()\n"
        "asyncio.run(main())\n"
        "print(sorted({'alembic', 'sqlalchemy', 'asyncpg', 'bot.store.store'} & set(sys.modules)))"
    )
    here = Path(__file__).parents[2]
    loaded = subprocess.check_output([sys.executable, "-c", program, sqlite_url], text=True, cwd=here)
    assert loaded.strip() == "['bot.store.store']"


async def test_what_is_migrated_ahead_is_migrated_in_another_process(new_url: str) -> None:
    program = (
        "import asyncio, sys; from bot.store import migrate_ahead\n"
        "asyncio.run(migrate_ahead(sys.argv[1]))\n"
        "print(sorted({'alembic', 'sqlalchemy'} & set(sys.modules)))"
    )
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, new_url, cwd=Path(__file__).parents[2], stdout=subprocess.PIPE
    )
    loaded, _ = await process.communicate()
    assert loaded == b"[]\n"
    database = connect(read_address(new_url))
    assert await database.read(migrations.read_versions) == [migrations.HEAD]
    await database.close()


async def test_what_cannot_be_migrated_ahead_is_told_when_the_store_is_opened(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no database")
    url = f"sqlite:///{tmp_path}/file"
    await migrate_ahead(url)
    with pytest.raises(DatabaseUnavailable, match="not a database"):
        await Store.open(url)
