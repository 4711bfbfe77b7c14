"""GitHub's responses that `sync` keeps from one run to the next, so that what has not changed costs no call."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from msgspec import Struct

from bot.store.engine.database import Records, Transaction, upsert, write_transaction


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

    _PUT: Final = upsert("responses", "url", "url TEXT, etag TEXT, last_modified TEXT, next_url TEXT, data BYTEA")

    @write_transaction
    def replace_all(self, transaction: Transaction, responses: Sequence[KeptResponse]) -> None:
        """Keep these, and no other: what is not asked for any more may have been deleted."""
        transaction.execute("DELETE FROM responses")
        transaction.put(
            self._PUT, [(one.url, one.etag, one.last_modified, one.next_url, one.data) for one in responses]
        )
