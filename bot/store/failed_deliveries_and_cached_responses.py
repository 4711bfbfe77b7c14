"""Deliveries that did not reach us, by the App's log on GitHub; responses that `sync` keeps for the next run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from msgspec import Struct
from msgspec.structs import astuple

from bot.store.engine.database import (
    Database,
    Records,
    Transaction,
    put_mark,
    read_mark,
    read_transaction,
    upsert,
    write_transaction,
)
from bot.time_types import EpochSeconds, WholeEpochSeconds

KEPT: Final = 3 * 86_400
"""Seconds for which GitHub can deliver once more.

https://docs.github.com/en/webhooks/testing-and-troubleshooting-webhooks/redelivering-webhooks
"""

LOG_READ: Final = "deliveries swept"
"""The mark of the time up to which the log of deliveries has been read."""


class FailedDelivery(Struct, frozen=True):
    """A delivery none of whose attempts has reached us; it was asked for `asked` times, last at `asked_at`."""

    guid: str
    delivery_id: int
    delivered_at: WholeEpochSeconds
    asked_at: WholeEpochSeconds = 0
    asked: int = 0


class Deliveries(Records):
    """Deliveries that have failed; `requested` is called for each that was asked for once more."""

    def __init__(self, database: Database, now: Callable[[], EpochSeconds], requested: Callable[[], None]) -> None:
        super().__init__(database, now)
        self._requested = requested

    @read_transaction
    def get_log_read_until(self, transaction: Transaction) -> WholeEpochSeconds:
        """Return up to when the log of deliveries has been read; 0 for never."""
        return read_mark(transaction, LOG_READ) or 0

    _DROP: Final = "DELETE FROM failed_deliveries WHERE guid = ANY($1::TEXT[])"

    @write_transaction
    def record_log(
        self, transaction: Transaction, failed: Sequence[FailedDelivery], arrived: Sequence[str],
        until: WholeEpochSeconds,
    ) -> None:  # fmt: skip
        """Record what the log of deliveries has, and up to when it has been read."""
        transaction.execute(self._DROP, list(arrived))
        sql = upsert("failed_deliveries", "guid", "guid TEXT, delivery_id BIGINT, delivered_at BIGINT")
        transaction.put(sql, [(one.guid, one.delivery_id, one.delivered_at) for one in failed])
        transaction.execute("DELETE FROM failed_deliveries WHERE delivered_at < $1", until - KEPT)
        put_mark(transaction, LOG_READ, until)

    async def list_failed(self) -> list[FailedDelivery]:
        """List deliveries that have not arrived, oldest first."""
        sql = """
            SELECT guid, delivery_id, delivered_at, asked_at, asked FROM failed_deliveries
            ORDER BY delivered_at, guid
        """
        return [FailedDelivery(*row) for row in await self._fetch(sql)]

    async def mark_requested(self, guid: str, at: WholeEpochSeconds) -> None:
        """Record that a delivery was asked for once more."""
        self._requested()
        sql = "UPDATE failed_deliveries SET asked_at = $2, asked = asked + 1 WHERE guid = $1"
        await self._execute(sql, guid, at)

    async def drop(self, guid: str) -> None:
        """Drop a delivery that GitHub cannot repeat."""
        await self._execute(self._DROP, [guid])


class KeptResponse(Struct, frozen=True):
    """A response with what GitHub needs to tell whether it still holds; `data` is packed."""

    url: str
    etag: str | None
    last_modified: str | None
    next_url: str | None
    data: bytes


class Responses(Records):
    """The responses of the last run."""

    async def list_all(self) -> list[KeptResponse]:
        """List what the last run has kept."""
        rows = await self._fetch("SELECT url, etag, last_modified, next_url, data FROM responses")
        return [
            KeptResponse(url, etag, modified, following, bytes(data))
            for url, etag, modified, following, data in rows
        ]

    @write_transaction
    def replace_all(self, transaction: Transaction, responses: Sequence[KeptResponse]) -> None:
        """Keep these, and no other: what is not asked for any more may have been deleted."""
        transaction.execute("DELETE FROM responses")
        columns = "url TEXT, etag TEXT, last_modified TEXT, next_url TEXT, data BYTEA"
        transaction.put(upsert("responses", "url", columns), [astuple(one) for one in responses])
