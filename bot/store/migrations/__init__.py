"""Bring a database to this version."""

from __future__ import annotations

from typing import Final

from sqlalchemy import inspect

from bot.store.database import Database, Transaction
from bot.store.spelling import statement

HEAD: Final = "0001"
"""The newest migration; known here so that an up-to-date database starts without loading Alembic."""

PATIENCE: Final = 600.0
"""Seconds that a migration may take, or wait for another process's."""

_WAIT = statement("SET LOCAL lock_timeout = '10min'")
_LOCK = statement("SELECT pg_advisory_xact_lock(7597418026143314281)")
_VERSIONS = statement("SELECT version_num FROM alembic_version")


async def migrate(database: Database) -> None:
    """Run the missing migrations in one transaction; a database newer than this code is a WrongDatabase."""
    if await database.read(_versions) != [HEAD]:
        await database.write(_upgrade, PATIENCE)


def _versions(transaction: Transaction) -> list[str]:
    if not inspect(transaction.raw()).has_table("alembic_version"):
        return []
    return [row.version_num for row in transaction.fetch(_VERSIONS)]


def _upgrade(transaction: Transaction) -> None:
    if transaction.engine == "postgresql":
        # Of several processes that start at once, one migrates and the others find it done.
        transaction.execute(_WAIT)
        transaction.fetch(_LOCK)
    versions = _versions(transaction)
    if versions != [HEAD]:
        # Alembic is loaded only where it has something to do: memory, and time to start.
        from bot.store.migrations.upgrading import upgrade  # noqa: PLC0415 - see above

        upgrade(transaction.raw(), versions)
