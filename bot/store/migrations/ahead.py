"""Bring a database to this version in a process of its own, so that the memory which that takes ends with it."""

from __future__ import annotations

import asyncio
import sys
from asyncio.subprocess import DEVNULL, PIPE

from bot.store.engine.database import connect
from bot.store.engine.url import read_address
from bot.store.errors import StoreError
from bot.store.migrations import HEAD, read_versions


async def migrate_ahead(database_url: str) -> None:
    """Migrate before the store is opened, if there is anything to do; raises nothing.

    SQLAlchemy and Alembic take a third as much memory as the whole bot, and Python gives little of it back. What
    goes wrong here goes wrong again when the store is opened, which tells.
    """
    if not await _is_current(database_url):
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", __package__, stdin=PIPE, stdout=DEVNULL, stderr=DEVNULL
        )
        await process.communicate(database_url.encode())


async def _is_current(database_url: str) -> bool:
    try:
        database = connect(read_address(database_url))
        try:
            return await database.read(read_versions) == [HEAD]
        finally:
            await database.close()
    except StoreError:
        return True
