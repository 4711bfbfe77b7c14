"""Bring a database to this version."""

from __future__ import annotations

import asyncio
import sys
from asyncio.subprocess import DEVNULL, PIPE
from typing import Final

from bot.store.engine.database import Database, Transaction, connect
from bot.store.engine.url import read_address
from bot.store.errors import StoreError

HEAD: Final = "0002"
"""The newest migration; known here so that an up-to-date database starts without loading Alembic."""

TIMEOUT: Final = 600.0
"""Seconds that a migration may take, or wait for another process's."""


async def migrate(database: Database) -> None:
    """Run the missing migrations in one transaction; a database newer than this code is a WrongDatabase."""
    if await database.read(read_versions) != [HEAD]:
        # Alembic is loaded only where it has something to do: memory, and time to start.
        from bot.store.migrations.upgrading import upgrade  # noqa: PLC0415 - see above

        await database.alter(upgrade, TIMEOUT)


async def migrate_ahead(database_url: str) -> None:
    """Migrate in a process of its own before the store is opened, if there is anything to do; raises nothing.

    SQLAlchemy and Alembic take a third as much memory as the whole bot, and Python gives little of it back. What
    goes wrong here goes wrong again when the store is opened, which tells.
    """
    if not await _is_current(database_url):
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", f"{__name__}.upgrading", stdin=PIPE, stdout=DEVNULL, stderr=DEVNULL
        )
        await process.communicate(database_url.encode())


async def _is_current(database_url: str) -> bool:
    try:
        async with connect(read_address(database_url)) as database:
            return await database.read(read_versions) == [HEAD]
    except StoreError:
        return True


def read_versions(transaction: Transaction) -> list[str]:
    """Return the version of the tables, in a list that is empty where there are none."""
    sql = "SELECT version_num FROM alembic_version"
    return [row[0] for row in transaction.fetch(sql)] if transaction.has_table("alembic_version") else []
