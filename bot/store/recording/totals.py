"""What is kept of a petition as a whole, so that nobody has to count: how many signed, on which days, which digest.

Each is brought up to date in the transaction that changes a signature. Here it is counted from the signatures
themselves, to check it, and to put it right.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import starmap
from typing import Final

from bot.petition.counting.digest import Pair, Sum
from bot.petition.counting.tally import Signature
from bot.store import upkeep_statements as sql
from bot.store.engine.database import Transaction

SECONDS_PER_DAY: Final = 86_400

AT_ONCE: Final = 2_000
"""Signatures read with one statement: many, but the loop is not to wait long for their sum."""


@dataclass(frozen=True, slots=True)
class Totals:
    """The sums over a petition's signatures; `days` are days since 1970 in UTC, with how many signed."""

    count: int
    sum: Sum
    days: Counter[int]


def add_up(signatures: Iterable[Signature]) -> Totals:
    """Count signatures."""
    days: Counter[int] = Counter()

    def pairs() -> Iterator[Pair]:
        for signature in signatures:
            days[signature.signed_at // SECONDS_PER_DAY] += 1
            yield signature.pair

    total = Sum.of(pairs())
    return Totals(days.total(), total, days)


def read_totals(transaction: Transaction, petition_id: int) -> Totals | None:
    """Return what is kept; None where there is no such petition."""
    rows = transaction.tuples(sql.TOTALS, petition_id)
    if not rows:
        return None
    count, digest_sum = rows[0]
    days = Counter({day: signatures for day, signatures in transaction.tuples(sql.DAYS, petition_id) if signatures})
    return Totals(count, Sum.from_bytes(digest_sum), days)


def are_totals_right(transaction: Transaction, petition_id: int) -> bool:
    """Return whether what is kept is what the signatures add up to, and each signature has its comment."""
    if transaction.fetch(sql.HAS_STRAY_SIGNATURES, petition_id):
        return False
    kept = read_totals(transaction, petition_id)
    return kept is None or kept == _counted(transaction, petition_id)


def repair_totals(transaction: Transaction, petition_id: int, now: int) -> int:
    """Drop signatures without a comment, count the others and publish the petition again; give their number."""
    transaction.fetch(sql.LOCK_TOTALS, petition_id)
    transaction.execute(sql.DROP_STRAY_SIGNATURES, petition_id)
    found = _counted(transaction, petition_id)
    transaction.execute(sql.DROP_DAYS_OF, petition_id)
    transaction.put(sql.PUT_DAYS, [(petition_id, day, signatures) for day, signatures in found.days.items()])
    transaction.execute(sql.SET_TOTALS, petition_id, found.count, found.sum.to_bytes(), now)
    return found.count


def signatures_of(transaction: Transaction, petition_id: int) -> Iterator[Signature]:
    """Return all kept signatures of a petition, reading them in portions."""
    after = (-1, 0)
    while portion := [*starmap(Signature, transaction.tuples(sql.SIGNATURES_AFTER, petition_id, *after, AT_ONCE))]:
        yield from portion
        after = portion[-1].signed_at, portion[-1].comment_id


def _counted(transaction: Transaction, petition_id: int) -> Totals:
    return add_up(signatures_of(transaction, petition_id))
