"""The App's credentials, where the environment has none: encrypted, with a key that is not here."""

from __future__ import annotations

from typing import Final

from bot.store.engine.database import (
    Records,
    Transaction,
    connect,
    drop_mark,
    read_mark,
    read_transaction,
    upsert,
    write_transaction,
)
from bot.store.engine.url import SqliteFile, opening, read_address
from bot.time_types import WholeEpochSeconds

APP: Final = "app"
"""The name under which the App's credentials are kept."""

FIRST_DELIVERY: Final = "first delivery"
"""The mark of the moment when GitHub first reached us; with it the set-up ends."""


class CredentialStore(Records):
    """The App's encrypted credentials, and the moment when the set-up ended."""

    @read_transaction
    def get(self, transaction: Transaction) -> str | None:
        """Return the App's encrypted credentials; None where there are none."""
        return read_credentials(transaction)

    async def add(self, encrypted: str, at: WholeEpochSeconds) -> bool:
        """Store the App's encrypted credentials; False where there are some already, which stay."""
        sql = "INSERT INTO sealed (name, content, at) VALUES ($1, $2, $3) ON CONFLICT (name) DO NOTHING"
        return bool(await self._execute(sql, APP, encrypted, at))

    @write_transaction
    def replace(self, transaction: Transaction, encrypted: str, at: WholeEpochSeconds) -> None:
        """Store the App's encrypted credentials, and replace others."""
        sql = upsert("sealed", "name", "name TEXT, content TEXT, at BIGINT")
        transaction.put(sql, [(APP, encrypted, at)])

    @write_transaction
    def drop(self, transaction: Transaction) -> bool:
        """Drop the App's credentials, and that GitHub ever reached it; False where there were none."""
        drop_mark(transaction, FIRST_DELIVERY)
        return bool(transaction.execute("DELETE FROM sealed WHERE name = $1", APP))

    @read_transaction
    def get_first_delivery_at(self, transaction: Transaction) -> WholeEpochSeconds | None:
        """Return when GitHub first reached us; None for never."""
        return read_mark(transaction, FIRST_DELIVERY)

    async def record_delivery(self, at: WholeEpochSeconds) -> None:
        """Record that GitHub has reached us; only the first time counts."""
        sql = "INSERT INTO marks (name, at) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING"
        await self._execute(sql, FIRST_DELIVERY, at)


async def read_encrypted(database_url: str) -> str | None:
    """Return the App's encrypted credentials from a database that is not to be changed; None where there are none.

    Raises WrongDatabase and DatabaseUnavailable.
    """
    address = read_address(database_url)
    if isinstance(address, SqliteFile) and not address.path.exists():
        return None
    async with connect(address) as database:
        with opening(address):
            return await database.read(lambda work: read_credentials(work) if work.has_table("sealed") else None)


def read_credentials(transaction: Transaction) -> str | None:
    """Return the App's encrypted credentials; None where there are none."""
    rows = transaction.fetch("SELECT content FROM sealed WHERE name = $1", APP)
    return rows[0][0] if rows else None
