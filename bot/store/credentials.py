"""Where the App's credentials are kept when the environment has none: sealed, with a key that is not here."""

from __future__ import annotations

from typing import Final

from bot.store import upkeep_statements as sql
from bot.store.engine.database import Database, Transaction, connect
from bot.store.engine.url import SqliteFile, read_address

APP: Final = "app"
"""The name under which the App's credentials are sealed."""

HEARD: Final = "first delivery"
"""The mark of the moment when GitHub first reached us; with it the set-up ends."""


class CredentialStore:
    """Texts that others have sealed, by name, and the moment when the set-up ended."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def read(self) -> str | None:
        """Return the App's sealed credentials; None where there are none."""
        return await self._database.read(_read)

    async def put(self, sealed: str, at: int) -> bool:
        """Keep the App's sealed credentials; False where there are some already, which stay."""
        return bool(await self._database.write(lambda work: work.execute(sql.SEAL_FIRST, APP, sealed, at)))

    async def replace(self, sealed: str, at: int) -> None:
        """Keep the App's sealed credentials in the place of others."""
        await self._database.write(lambda work: work.execute(sql.SEAL, APP, sealed, at))

    async def forget(self) -> bool:
        """Forget the App, and that GitHub ever reached it; False where there was none."""

        def forget(transaction: Transaction) -> bool:
            transaction.execute(sql.DROP_MARK, HEARD)
            return bool(transaction.execute(sql.UNSEAL, APP))

        return await self._database.write(forget)

    async def heard_at(self) -> int | None:
        """Return when GitHub first reached us; None for never."""
        rows = await self._database.read(lambda work: work.fetch(sql.MARK, HEARD))
        return rows[0][0] if rows else None

    async def hear(self, at: int) -> None:
        """Record that GitHub has reached us; only the first time counts."""
        await self._database.write(lambda work: work.execute(sql.FIRST_MARK, HEARD, at))


async def read_sealed(database_url: str) -> str | None:
    """Return the App's sealed credentials from a database that is not to be changed; None where there are none.

    Raises WrongDatabase and Unavailable.
    """
    address = read_address(database_url)
    if isinstance(address, SqliteFile) and not address.path.exists():
        return None
    database = connect(address)
    try:
        return await database.read(lambda work: _read(work) if work.fetch(sql.ANY_SEALED) else None)
    finally:
        await database.close()


def _read(transaction: Transaction) -> str | None:
    rows = transaction.fetch(sql.SEALED, APP)
    return rows[0][0] if rows else None
