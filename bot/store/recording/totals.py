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

from bot.petition.counting.tally import DigestSum, Pair, Signature
from bot.store.engine.database import Transaction, statement
from bot.units import WholeEpochSeconds

SECONDS_PER_DAY: Final = 86_400

AT_ONCE: Final = 2_000
"""Signatures read with one statement: many, but the loop is not to wait long for their sum."""


@dataclass(frozen=True, slots=True)
class Totals:
    """The sums over a petition's signatures; `days` are days since 1970 in UTC, with how many signed."""

    count: int
    sum: DigestSum
    days: Counter[int]


def add_up(signatures: Iterable[Signature]) -> Totals:
    """Count signatures."""
    days: Counter[int] = Counter()

    def pairs() -> Iterator[Pair]:
        for signature in signatures:
            days[signature.signed_at // SECONDS_PER_DAY] += 1
            yield signature.pair

    total = DigestSum.of(pairs())
    return Totals(days.total(), total, days)


_TOTALS: Final = statement("SELECT count, digest_sum FROM petitions WHERE id = $1")

_DAYS: Final = statement("SELECT day, signatures FROM days WHERE petition_id = $1")


def read_totals(transaction: Transaction, petition_id: int) -> Totals | None:
    """Return what is kept; None where there is no such petition."""
    rows = transaction.tuples(_TOTALS, petition_id)
    if not rows:
        return None
    count, digest_sum = rows[0]
    days = Counter({day: signatures for day, signatures in transaction.tuples(_DAYS, petition_id) if signatures})
    return Totals(count, DigestSum.from_bytes(digest_sum), days)


_STRAY = """
    petition_id = $1
    AND NOT EXISTS (SELECT 1 FROM comments c WHERE c.id = comment_id AND c.petition_id = $1 AND c.counted)
"""

_HAS_STRAY_SIGNATURES: Final = statement(f"SELECT comment_id FROM signatures WHERE {_STRAY} LIMIT 1")


def are_totals_right(transaction: Transaction, petition_id: int) -> bool:
    """Return whether what is kept is what the signatures add up to, and each signature has its comment."""
    if transaction.fetch(_HAS_STRAY_SIGNATURES, petition_id):
        return False
    kept = read_totals(transaction, petition_id)
    return kept is None or kept == _counted(transaction, petition_id)


_LOCK_TOTALS: Final = statement("SELECT id FROM petitions WHERE id = $1 FOR UPDATE")

_DROP_STRAY_SIGNATURES: Final = statement(f"DELETE FROM signatures WHERE {_STRAY}")

_PUT_DAYS: Final = statement("""
    INSERT INTO days (petition_id, day, signatures)
    SELECT * FROM unnest($1::BIGINT[], $2::BIGINT[], $3::BIGINT[])
""")

_SET_TOTALS: Final = statement("""
    UPDATE petitions
    SET count = $2, digest_sum = $3, revision = revision + 1,
        changed_at = CASE WHEN revision = published_revision THEN $4 ELSE changed_at END
    WHERE id = $1
""")


def repair_totals(transaction: Transaction, petition_id: int, now: WholeEpochSeconds) -> int:
    """Drop signatures without a comment, count the others and publish the petition again; return their number."""
    transaction.fetch(_LOCK_TOTALS, petition_id)
    transaction.execute(_DROP_STRAY_SIGNATURES, petition_id)
    found = _counted(transaction, petition_id)
    drop_days(transaction, petition_id)
    transaction.put(_PUT_DAYS, [(petition_id, day, signatures) for day, signatures in found.days.items()])
    transaction.execute(_SET_TOTALS, petition_id, found.count, found.sum.to_bytes(), now)
    return found.count


_DROP_DAYS: Final = statement("DELETE FROM days WHERE petition_id = $1")


def drop_days(transaction: Transaction, petition_id: int) -> None:
    """Drop on which days a petition was signed."""
    transaction.execute(_DROP_DAYS, petition_id)


_SIGNATURES_AFTER: Final = statement("""
    SELECT user_id, login, comment_id, signed_at, name, affiliation, reason FROM signatures
    WHERE petition_id = $1 AND (signed_at, comment_id) > ($2, $3)
    ORDER BY signed_at, comment_id LIMIT $4
""")


def read_signatures(transaction: Transaction, petition_id: int) -> Iterator[Signature]:
    """Return all kept signatures of a petition, reading them in portions."""
    after = (-1, 0)
    while portion := [*starmap(Signature, transaction.tuples(_SIGNATURES_AFTER, petition_id, *after, AT_ONCE))]:
        yield from portion
        after = portion[-1].signed_at, portion[-1].comment_id


def _counted(transaction: Transaction, petition_id: int) -> Totals:
    return add_up(read_signatures(transaction, petition_id))
