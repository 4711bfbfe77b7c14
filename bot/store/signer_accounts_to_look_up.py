"""The accounts that organizers want looked at: all who have signed a petition, a part at a time.

When accounts were opened is kept with the ages that settings ask for. Here it changes nothing about who counts.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Final

from msgspec import Struct

from bot.petition.counting.abuse_signals import Account
from bot.store.engine.database import Records, Transaction, upsert, write_transaction
from bot.store.threads_to_read import USABLE
from bot.time_types import EpochSeconds, Seconds, WholeEpochSeconds

ASK_AGAIN_AFTER: Final[Seconds] = 7 * 86_400.0
"""Time after which GitHub is asked again about an account of which it told nothing."""


class Signer(Struct, frozen=True):
    """Somebody who has signed, and when."""

    user_id: int
    login: str
    signed_at: WholeEpochSeconds
    comment_id: int


class AccountReviews(Records):
    """Which petitions' signers are to be looked at, and what GitHub told of their accounts."""

    async def request(self, petition_id: int) -> None:
        """Request that the accounts of all who have signed a petition are looked at."""
        sql = """
            INSERT INTO account_reviews (petition_id, due_after)
            SELECT id, 0 FROM petitions WHERE id = $1
            ON CONFLICT (petition_id) DO NOTHING
        """
        await self._execute(sql, petition_id)
        self._announce()

    async def get_due(self, installation_id: int, now: EpochSeconds) -> int | None:
        """Return a petition whose signers are to be looked at; None where there is none."""
        sql = f"""
            SELECT v.petition_id FROM account_reviews v JOIN petitions p ON p.id = v.petition_id AND NOT p.gone
            {USABLE.format(of="p")}
            WHERE r.installation_id = $1 AND v.due_after <= $2
            ORDER BY v.due_after, v.petition_id LIMIT 1
        """
        rows = await self._fetch(sql, installation_id, now)
        return rows[0]["petition_id"] if rows else None

    async def list_unknown(
        self, petition_id: int, before: Signer | None, most: int, now: EpochSeconds
    ) -> list[Signer]:
        """List signers nobody has looked at, the newest first, `before` another one."""
        place = (_LAST, _LAST) if before is None else (before.signed_at, before.comment_id)
        sql = """
            SELECT s.user_id, s.login, s.signed_at, s.comment_id FROM signatures s
            WHERE s.petition_id = $1 AND (s.signed_at, s.comment_id) < ($2::BIGINT, $3::BIGINT) AND s.login <> ''
              AND NOT EXISTS (SELECT 1 FROM accounts a WHERE a.user_id = s.user_id AND a.empty IS NOT NULL)
              AND NOT EXISTS (SELECT 1 FROM unknown_accounts u WHERE u.user_id = s.user_id AND u.asked_at > $4)
            ORDER BY s.signed_at DESC, s.comment_id DESC LIMIT $5
        """
        rows = await self._fetch(sql, petition_id, *place, int(now - ASK_AGAIN_AFTER), most)
        return [Signer(*row) for row in rows]

    @write_transaction
    def record(
        self, transaction: Transaction, accounts: Collection[Account], unknown: Collection[int], now: EpochSeconds
    ) -> None:
        """Record what GitHub told of accounts, and of which it told nothing."""
        put_accounts(transaction, accounts)
        sql = upsert("unknown_accounts", "user_id", "user_id BIGINT, asked_at BIGINT")
        transaction.put(sql, [(user_id, int(now)) for user_id in unknown])

    async def postpone(self, petition_id: int, until: EpochSeconds) -> None:
        """Look at a petition's signers later."""
        await self._execute("UPDATE account_reviews SET due_after = $2 WHERE petition_id = $1", petition_id, until)

    async def end(self, petition_id: int) -> None:
        """Record that all of a petition's signers were looked at."""
        await self._execute("DELETE FROM account_reviews WHERE petition_id = $1", petition_id)


_LAST: Final = 2**62


def put_accounts(transaction: Transaction, accounts: Iterable[Account]) -> None:
    """Store when accounts were opened, and whether they have ever been used for anything that shows."""
    sql = upsert("accounts", "user_id", "user_id BIGINT, born BIGINT, empty BOOLEAN")
    transaction.put(sql, [(one.id, one.born, one.is_empty) for one in accounts])
