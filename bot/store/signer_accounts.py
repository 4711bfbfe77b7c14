"""When signers' accounts were opened, where settings ask for an age; and their look-up for organizers.

The look-up is of all who have signed a petition, a part at a time. It changes nothing about who counts.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Final

from msgspec import Struct

from bot.petition.abuse_signals import Account
from bot.petition.tally import Signature
from bot.store.engine.database import Records, Transaction, read_transaction, upsert, write_transaction
from bot.store.recording.signatures_and_reactions import derive_signatures
from bot.store.recording.unit_of_work import UnitOfWork
from bot.store.threads_to_read import USABLE
from bot.store.uncounted_people import count_withdrawn
from bot.time_types import EpochSeconds, Seconds

ASK_AGAIN_AFTER: Final[Seconds] = 7 * 86_400.0
"""Time after which GitHub is asked again about an account of which it told nothing."""


class SignerSample(Struct, frozen=True):
    """Who has signed, the newest first, without any details, and what is known of their accounts, by user id.

    Nobody has looked yet at those that are `waiting`; of some of them the age is known all the same.
    """

    signatures: Sequence[Signature]
    accounts: Mapping[int, Account]
    waiting: frozenset[int]
    withdrawn: int


class SignerAccounts(Records):
    """What GitHub told of signers' accounts, and which petitions' signers are to be looked up."""

    @read_transaction
    def list_comments_of_unknown_age(self, transaction: Transaction, issue_id: int) -> list[int]:
        """List a comment of everybody who signed on an issue and whose account's age is asked for and not known."""
        unit = UnitOfWork(transaction, [issue_id], lock=False)
        if not any(petition.rules.asks_for_age for petition in unit.petitions.values()):
            return []
        sql = """
            SELECT min(c.id) FROM comments c
            WHERE c.issue_id = $1 AND c.command IN ('sign', 'phrase', 'order')
              AND NOT EXISTS (SELECT 1 FROM accounts a WHERE a.user_id = c.author_id)
            GROUP BY c.author_id
        """
        return [row[0] for row in transaction.fetch(sql, issue_id)]

    async def record_ages(self, issue_id: int, accounts: Collection[Account]) -> None:
        """Record when accounts were opened, and derive again who of them signs on an issue."""
        now, people = int(self._now()), [one.id for one in accounts]

        def record(transaction: Transaction) -> None:
            _put_accounts(transaction, accounts)
            unit = UnitOfWork(transaction, [issue_id])
            unit.read_authors(people)
            unit.people |= {(petition_id, person) for petition_id in unit.petitions for person in people}
            derive_signatures(unit, now)
            unit.write(now)

        await self._database.write(record)
        self._announce()

    async def request_review(self, petition_id: int) -> None:
        """Request that the accounts of all who have signed a petition are looked up."""
        sql = """
            INSERT INTO account_reviews (petition_id, due_after)
            SELECT id, 0 FROM petitions WHERE id = $1
            ON CONFLICT (petition_id) DO NOTHING
        """
        await self._execute(sql, petition_id)
        self._announce()

    async def get_due_review(self, installation_id: int, now: EpochSeconds) -> int | None:
        """Return a petition whose signers are to be looked up; None where there is none."""
        sql = f"""
            SELECT v.petition_id FROM account_reviews v JOIN petitions p ON p.id = v.petition_id AND NOT p.gone
            {USABLE.format(of="p")}
            WHERE r.installation_id = $1 AND v.due_after <= $2
            ORDER BY v.due_after, v.petition_id LIMIT 1
        """
        rows = await self._fetch(sql, installation_id, now)
        return rows[0]["petition_id"] if rows else None

    async def list_unreviewed(
        self, petition_id: int, before: Signature | None, most: int, now: EpochSeconds
    ) -> list[Signature]:
        """List bare signatures whose accounts nobody has looked up: the newest `before` another one."""
        place = (_LAST, _LAST) if before is None else (before.signed_at, before.comment_id)
        sql = """
            SELECT s.user_id, s.login, s.comment_id, s.signed_at FROM signatures s
            WHERE s.petition_id = $1 AND (s.signed_at, s.comment_id) < ($2::BIGINT, $3::BIGINT) AND s.login <> ''
              AND NOT EXISTS (SELECT 1 FROM accounts a WHERE a.user_id = s.user_id AND a.empty IS NOT NULL)
              AND NOT EXISTS (SELECT 1 FROM unknown_accounts u WHERE u.user_id = s.user_id AND u.asked_at > $4)
            ORDER BY s.signed_at DESC, s.comment_id DESC LIMIT $5
        """
        rows = await self._fetch(sql, petition_id, *place, int(now - ASK_AGAIN_AFTER), most)
        return [Signature(*row) for row in rows]

    @write_transaction
    def record_reviewed(
        self, transaction: Transaction, accounts: Collection[Account], unknown: Collection[int], now: EpochSeconds
    ) -> None:
        """Record what GitHub told of accounts, and of which it told nothing."""
        _put_accounts(transaction, accounts)
        sql = upsert("unknown_accounts", "user_id", "user_id BIGINT, asked_at BIGINT")
        transaction.put(sql, [(user_id, int(now)) for user_id in unknown])

    async def postpone_review(self, petition_id: int, until: EpochSeconds) -> None:
        """Look up a petition's signers later."""
        await self._execute("UPDATE account_reviews SET due_after = $2 WHERE petition_id = $1", petition_id, until)

    async def end_review(self, petition_id: int) -> None:
        """Record that all of a petition's signers were looked up."""
        await self._execute("DELETE FROM account_reviews WHERE petition_id = $1", petition_id)

    @read_transaction
    def get_sample(self, transaction: Transaction, petition_id: int, most: int) -> SignerSample:
        """Read who has signed, also where the organizers do not show it; so many of the newest at most."""
        sql = """
            SELECT s.user_id, s.login, s.comment_id, s.signed_at, a.born, a.empty, u.asked_at
            FROM signatures s LEFT JOIN accounts a ON a.user_id = s.user_id
            LEFT JOIN unknown_accounts u ON u.user_id = s.user_id
            WHERE s.petition_id = $1 ORDER BY s.signed_at DESC, s.comment_id DESC LIMIT $2
        """
        rows = transaction.fetch(sql, petition_id, most)
        return SignerSample(
            signatures=[Signature(*row[:4]) for row in rows],
            accounts={
                user_id: Account(user_id, born, has_profile=not empty, is_only_aged=empty is None)
                for user_id, *_, born, empty, _ in rows
                if born is not None
            },
            waiting=frozenset(
                user_id
                for user_id, login, *_, empty, asked_at in rows
                if login and empty is None and asked_at is None
            ),
            withdrawn=count_withdrawn(transaction, petition_id),
        )


_LAST: Final = 2**62


def _put_accounts(transaction: Transaction, accounts: Iterable[Account]) -> None:
    """Store when accounts were opened, and whether they have ever been used for anything that shows."""
    sql = upsert("accounts", "user_id", "user_id BIGINT, born BIGINT, empty BOOLEAN")
    transaction.put(sql, [(one.id, one.born, one.is_empty) for one in accounts])
