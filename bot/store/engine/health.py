"""The health of a database: does it answer, can it be read and written, and is it of this version."""

from __future__ import annotations

import asyncio
from typing import Final

from msgspec import Struct

from bot.store.engine.database import Database, Transaction, connect, drop_mark, put_mark
from bot.store.engine.url import SqliteFile, describe, read_address, reason
from bot.store.errors import Damaged, DatabaseUnavailable, StoreError, obstacle
from bot.store.migrations import HEAD, read_versions
from bot.store.petition_obstacles import Condition, read_conditions

TIMEOUT: Final = 5.0
"""Seconds that a database may take to answer whoever only asks whether it does."""


class Health(Struct, frozen=True):
    """What was found; `version` is None without tables, `problem` is the error of a read or a write."""

    version: str | None = None
    problem: str = ""
    is_damaged: bool = False
    conditions: tuple[Condition, ...] = ()
    """The petitions that are not fine, where the version is this one's."""

    @property
    def is_newer(self) -> bool:
        """Return whether a newer program than this has been at work."""
        return self.version is not None and self.version > HEAD

    @property
    def is_older(self) -> bool:
        """Return whether tables are yet to be brought to this version."""
        return self.version is not None and self.version < HEAD


async def check_health(database_url: str) -> Health:
    """Check a database, and leave it as it is."""
    try:
        address = read_address(database_url)
    except StoreError as error:
        return Health(problem=str(error))
    if isinstance(address, SqliteFile) and not address.path.exists():
        return Health(problem=obstacle(address.path))
    try:
        async with connect(address) as database:
            await database.check_integrity()
            return await _check(database)
    except Damaged as error:
        return Health(problem=str(error), is_damaged=True)
    except StoreError as error:
        return Health(problem=f"{describe(address)}: {reason(address, error)}")


async def is_answering(database: Database, in_doubt: bool) -> bool:
    """Return whether a database answers; in doubt also whether it can be written to, by a write that is undone."""
    if database.problem():
        return False
    try:
        async with asyncio.timeout(TIMEOUT):
            await database.read(lambda transaction: transaction.fetch("SELECT 1"))
            if in_doubt:
                await database.write(_write_and_erase)
    except (DatabaseUnavailable, TimeoutError):
        return False
    return True


async def _check(database: Database) -> Health:
    versions = await database.read(read_versions)
    version = max(versions, default=None)
    if version != HEAD:
        return Health(version)
    conditions = tuple(await database.read(read_conditions))
    try:
        await database.write(_write_and_erase)
    except StoreError as error:
        return Health(version, f"it cannot be written: {error}", conditions=conditions)
    return Health(version, conditions=conditions)


def _write_and_erase(transaction: Transaction) -> None:
    """Write and commit: what is rolled back, or changes nothing, needs no room on the disk."""
    put_mark(transaction, "tried", 0)
    drop_mark(transaction, "tried")
