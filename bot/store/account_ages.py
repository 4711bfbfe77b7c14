"""When accounts were opened, where a petition asks for that; whoever is old enough counts once it is known."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final

from bot.store.engine.database import Records, Transaction, read_transaction, statement
from bot.store.recording.signatures import derive_signatures
from bot.store.recording.unit_of_work import Person, UnitOfWork
from bot.units import WholeEpochSeconds


class AccountAges(Records):
    """When accounts were opened."""

    _UNKNOWN: Final = statement("""
        SELECT min(c.id) FROM comments c
        WHERE c.issue_id = $1 AND c.command IN ('sign', 'phrase')
          AND NOT EXISTS (SELECT 1 FROM accounts a WHERE a.user_id = c.author_id)
        GROUP BY c.author_id
    """)

    @read_transaction
    def list_comments_of_unknown(self, transaction: Transaction, issue_id: int) -> list[int]:
        """List a comment of everybody who signed on an issue and whose account's age is asked for and not known."""
        unit = UnitOfWork()
        unit.read(transaction, [issue_id])
        if not any(petition.rules.asks_for_age for petition in unit.petitions.values()):
            return []
        return [row[0] for row in transaction.tuples(self._UNKNOWN, issue_id)]

    _PUT: Final = statement("""
        INSERT INTO accounts (user_id, born) SELECT * FROM unnest($1::BIGINT[], $2::BIGINT[])
        ON CONFLICT (user_id) DO UPDATE SET born = excluded.born
    """)

    async def record(self, issue_id: int, born: Mapping[int, WholeEpochSeconds]) -> None:
        """Record when accounts were opened, by user id, and derive again who of them signs on an issue."""
        now = int(self._now())

        def record(transaction: Transaction) -> None:
            transaction.put(self._PUT, list(born.items()))
            unit = UnitOfWork()
            unit.lock(transaction, [issue_id])
            unit.read_authors(transaction, list(born))
            unit.people |= {(petition_id, person) for petition_id in unit.petitions for person in born}
            derive_signatures(transaction, unit, now)
            unit.write(transaction, now)

        await self._database.write(record)
        self._announce()


def request_ages(unit: UnitOfWork, people: Collection[Person]) -> None:
    """Request that threads are read on which somebody signs whose account's age is asked for and not known."""
    asking = {one.id: one for one in unit.petitions.values() if one.rules.asks_for_age}
    waiting = {person for person in people if person[0] in asking and person[1] not in asking[person[0]].born}
    for row in unit.changed.values() if waiting else ():
        author, thread = row.comment.author, unit.threads.get(row.issue_id)
        is_waiting = author is not None and (row.petition_id, author.id) in waiting
        if is_waiting and thread is not None and row.command in ("sign", "phrase"):
            thread.request_reread()
