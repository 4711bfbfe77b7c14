"""What people try who may give no orders: one row for each person, kept short, and apart from the audit log."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from bot.petition.organizers.commands import Given
from bot.store import rule_statements as sql
from bot.store import statements as common_sql
from bot.store.engine.database import Transaction

KEPT: Final = 200
"""People on each petition, those who tried last."""


@dataclass(frozen=True, slots=True)
class Attempts:
    """How often somebody gave orders who may not, when first and when last, and the last order's word."""

    user_id: int
    login: str
    word: str
    times: int
    first_at: int
    last_at: int
    last_comment_id: int
    thread: int | None = None
    """The number of the issue on which the last one stands, where that is in the petition's repository."""


def read_attempts(transaction: Transaction, petition_id: int) -> list[Attempts]:
    """Return who has tried, the last one first."""
    return [Attempts(*row) for row in transaction.fetch(sql.ATTEMPTS, petition_id)]


def note_attempts(transaction: Transaction, petition_id: int, orders: Sequence[Given]) -> None:
    """Add orders that were refused. Repeating changes nothing; what was given before the last one known is skipped.

    Of those who asked to be forgotten, only what they have written since is noted.
    """
    if not orders:
        return
    known = {one.user_id: one for one in read_attempts(transaction, petition_id)}
    forgotten = _forgotten(transaction, orders)
    found = dict(known)
    for one in sorted(orders, key=lambda given: (given.at, given.comment_id)):
        if one.at > forgotten.get(one.author.id, -1):
            found[one.author.id] = _with(found.get(one.author.id), one)
    newest = sorted(found.values(), key=lambda one: (one.last_at, one.last_comment_id), reverse=True)[:KEPT]
    changed = [one for one in newest if known.get(one.user_id) != one]
    transaction.put(sql.PUT_ATTEMPTS, [_row(petition_id, one) for one in changed])
    if gone := sorted(known.keys() - {one.user_id for one in newest}):
        transaction.execute(sql.DROP_ATTEMPTS, petition_id, gone)


def _with(before: Attempts | None, one: Given) -> Attempts:
    if before is None:
        return Attempts(one.author.id, one.author.login, one.order.word, 1, one.at, one.at, one.comment_id)
    if (one.at, one.comment_id) <= (before.last_at, before.last_comment_id):
        return before
    return replace(
        before, login=one.author.login, word=one.order.word, times=before.times + 1, last_at=one.at,
        last_comment_id=one.comment_id,
    )  # fmt: skip


def _row(petition_id: int, one: Attempts) -> tuple[object, ...]:
    return (
        petition_id,
        one.user_id,
        one.login,
        one.word,
        one.times,
        one.first_at,
        one.last_at,
        one.last_comment_id,
    )


def _forgotten(transaction: Transaction, orders: Iterable[Given]) -> dict[int, int]:
    people = sorted({one.author.id for one in orders})
    return {row.user_id: row.at for row in transaction.fetch(common_sql.FORGOTTEN, people)}
