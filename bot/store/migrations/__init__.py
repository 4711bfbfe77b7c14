"""Bring a database to this version."""

from __future__ import annotations

from typing import Final

from bot.store.engine.database import Database, Statement, Transaction, statement

HEAD: Final = "0002"
"""The newest migration; known here so that an up-to-date database starts without loading Alembic."""

TIMEOUT: Final = 600.0
"""Seconds that a migration may take, or wait for another process's."""

_ANY_VERSION = Statement(
    sqlite="SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'",
    postgresql="SELECT 1 WHERE to_regclass('alembic_version') IS NOT NULL",
)
_VERSIONS = statement("SELECT version_num FROM alembic_version")


async def migrate(database: Database) -> None:
    """Run the missing migrations in one transaction; a database newer than this code is a WrongDatabase."""
    if await database.read(read_versions) != [HEAD]:
        # Alembic is loaded only where it has something to do: memory, and time to start.
        from bot.store.migrations.upgrading import upgrade  # noqa: PLC0415 - see above

        await database.alter(upgrade, TIMEOUT)


def read_versions(transaction: Transaction) -> list[str]:
    """Return the version of the tables, in a list that is empty where there are none."""
    if not transaction.fetch(_ANY_VERSION):
        return []
    return [row.version_num for row in transaction.fetch(_VERSIONS)]
