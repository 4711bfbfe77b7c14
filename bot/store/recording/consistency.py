"""Check what is derived of a petition: against a full fold of its comments, and its totals against its signatures.

The totals are kept so that nobody has to count: how many signed, on which days, which digest. Each is brought up to
date in the transaction that changes a signature. Here they are counted from the signatures, and put right.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator
from datetime import UTC, datetime
from itertools import starmap
from typing import Final

from msgspec import Struct, field
from msgspec.structs import replace

from bot.petition.comments.comment import standing
from bot.petition.tally import DigestSum, Pair, Signature
from bot.store.comment_rows import SIGNATURE_COLUMNS, CommentRow
from bot.store.engine.database import Records, Transaction, read_transaction
from bot.store.recording.signatures_and_reactions import (
    SECONDS_PER_DAY,
    add_to_days,
    evaluate_comments,
    is_outdated,
    read_born,
)
from bot.store.recording.unit_of_work import PetitionRow, UnitOfWork, read_comments_of
from bot.store.threads_to_read import read_issues_of, record_change
from bot.time_types import WholeEpochSeconds


class Discrepancy(Struct, frozen=True):
    """Something that is stored and does not follow from the comments; `comment_id` is None where it is of all.

    `issue` is where it is, as OWNER/REPO#N.
    """

    text: str
    comment_id: int | None = None
    issue: str = ""


class Inspection(Struct, frozen=True):
    """A petition's name, as OWNER/REPO#N, how many signatures its comments hold, and what is kept otherwise."""

    name: str
    count: int
    digest: str
    discrepancies: tuple[Discrepancy, ...]


class Consistency(Records):
    """Whether what is derived follows from the comments."""

    async def find_petitions(self, repository: str, number: int) -> list[int]:
        """List the petitions that an issue of OWNER/REPO belongs to: one, or none."""
        owner, _, name = repository.partition("/")
        sql = """
            SELECT DISTINCT t.petition_id FROM threads t JOIN repositories r ON r.id = t.repository_id
            WHERE NOT t.gone AND lower(r.owner) = lower($1) AND lower(r.name) = lower($2) AND t.number = $3
            ORDER BY t.petition_id
        """
        return [row[0] for row in await self._fetch(sql, owner, name, number)]

    async def list_petitions(self) -> list[int]:
        """List all petitions."""
        return [row[0] for row in await self._fetch("SELECT id FROM petitions ORDER BY id")]

    @read_transaction
    def inspect(self, transaction: Transaction, petition_id: int) -> Inspection | None:
        """Fold a petition's comments and compare; None where it is not there any more."""
        issue_ids = read_issues_of(transaction, petition_id)
        unit = UnitOfWork(transaction, issue_ids, lock=False)
        petition, kept = unit.petitions.get(petition_id), read_totals(transaction, petition_id)
        if petition is None or kept is None:
            return None
        fold = _Fold(petition)
        for issue_id in issue_ids:
            fold.add(read_comments_of(transaction, issue_id))
        read_born(transaction, petition, list(fold.people))
        right = fold.signatures()
        totals = add_up(right.values())
        found = (
            *fold.discrepancies,
            *_compare_signatures(right, read_signatures(transaction, petition_id)),
            *_compare_totals(totals, kept),
        )
        sql = """
            SELECT r.owner, r.name, t.number
            FROM threads t JOIN repositories r ON r.id = t.repository_id
            WHERE t.petition_id = $1
            ORDER BY t.gone, t.position LIMIT 1
        """
        owner, name, number = transaction.fetch(sql, petition_id)[0]
        issue = f"{owner}/{name}#{number}"
        return Inspection(issue, totals.count, totals.sum.digest, _with_issues(transaction, found, issue))


def _with_issues(
    transaction: Transaction, discrepancies: Collection[Discrepancy], petition_name: str
) -> tuple[Discrepancy, ...]:
    """Add to each on which of the petition's issues it is to be seen."""
    comment_ids = [one.comment_id for one in discrepancies if one.comment_id is not None]
    sql = """
        SELECT c.id, r.owner, r.name, t.number
        FROM comments c JOIN threads t ON t.issue_id = c.issue_id JOIN repositories r ON r.id = t.repository_id
        WHERE c.id = ANY($1::BIGINT[])
    """
    rows = transaction.fetch(sql, comment_ids)
    issues = {comment_id: f"{owner}/{name}#{number}" for comment_id, owner, name, number in rows}
    return tuple(replace(one, issue=issues.get(one.comment_id, petition_name)) for one in discrepancies)


class _Fold(Struct):
    """The comments of a petition that have, or had, a command, by their authors."""

    petition: PetitionRow
    discrepancies: list[Discrepancy] = field(default_factory=list)
    people: defaultdict[int, list[CommentRow]] = field(default_factory=lambda: defaultdict(list))
    """By user id, the comments of each."""

    def add(self, rows: Iterable[CommentRow]) -> None:
        for row in rows:
            if is_outdated(row):
                self.discrepancies.append(Discrepancy("what a comment says is kept otherwise", row.comment.id))
            has_command = standing(row.comment).command is not None
            if row.comment.author is not None and (has_command or row.counted):
                self.people[row.comment.author.id].append(row)

    def signatures(self) -> dict[int, Signature]:
        """Derive the signatures, by their comments."""
        found = {}
        for rows in self.people.values():
            signature = self._signature(rows)
            if signature is not None:
                found[signature.comment_id] = signature
            for row in rows:
                if row.counted != (signature is not None and row.comment.id == signature.comment_id):
                    text = (
                        "counts, but is not marked so" if not row.counted else "is marked as counting, but does not"
                    )
                    self.discrepancies.append(Discrepancy(f"a comment {text}", row.comment.id))
        self.people.clear()
        return found

    def _signature(self, rows: list[CommentRow]) -> Signature | None:
        # Without the label counting has stopped; who had signed before may still withdraw.
        if not self.petition.labelled and not any(row.counted for row in rows):
            return None
        return evaluate_comments(self.petition, rows).signature


def _compare_signatures(right: dict[int, Signature], kept: Iterable[Signature]) -> Iterator[Discrepancy]:
    lacking = dict(right)
    for signature in kept:
        expected = lacking.pop(signature.comment_id, None)
        if expected is None:
            yield Discrepancy(
                f"{signature.login}'s signature is stored, but the comments do not contain it", signature.comment_id
            )
        elif signature != expected:
            yield Discrepancy(
                f"{expected.login}'s signature is stored differently from the comment", signature.comment_id
            )
    for signature in lacking.values():
        yield Discrepancy(f"{signature.login}'s signature is not stored", signature.comment_id)


def _compare_totals(right: Totals, kept: Totals) -> Iterator[Discrepancy]:
    if kept.count != right.count:
        yield Discrepancy(f"the stored count is {kept.count:,}; the comments contain {right.count:,}")
    if kept.sum != right.sum:
        yield Discrepancy("the stored digest is that of other signatures")
    for day in sorted(right.days.keys() | kept.days.keys()):
        if kept.days[day] != right.days[day]:
            date = datetime.fromtimestamp(day * SECONDS_PER_DAY, UTC).date()
            yield Discrepancy(f"{kept.days[day]:,} are stored for {date}; the comments contain {right.days[day]:,}")


AT_ONCE: Final = 2_000
"""Signatures read with one statement: many, but the loop is not to wait long for their sum."""


class Totals(Struct, frozen=True):
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


def read_totals(transaction: Transaction, petition_id: int) -> Totals | None:
    """Return what is kept; None where there is no such petition."""
    rows = transaction.fetch("SELECT count, digest_sum FROM petitions WHERE id = $1", petition_id)
    if not rows:
        return None
    count, digest_sum = rows[0]
    sql = "SELECT day, signatures FROM days WHERE petition_id = $1"
    days = Counter({day: signatures for day, signatures in transaction.fetch(sql, petition_id) if signatures})
    return Totals(count, DigestSum.from_bytes(digest_sum), days)


_STRAY = """
    petition_id = $1
    AND NOT EXISTS (SELECT 1 FROM comments c WHERE c.id = comment_id AND c.petition_id = $1 AND c.counted)
"""


def are_totals_right(transaction: Transaction, petition_id: int) -> bool:
    """Return whether what is kept is what the signatures add up to, and each signature has its comment."""
    if transaction.fetch(f"SELECT comment_id FROM signatures WHERE {_STRAY} LIMIT 1", petition_id):
        return False
    kept = read_totals(transaction, petition_id)
    return kept is None or kept == add_up(read_signatures(transaction, petition_id))


def repair_totals(transaction: Transaction, petition_id: int, now: WholeEpochSeconds) -> int:
    """Drop signatures without a comment, count the others and publish the petition again; return their number."""
    transaction.fetch("SELECT id FROM petitions WHERE id = $1 FOR UPDATE", petition_id)
    transaction.execute(f"DELETE FROM signatures WHERE {_STRAY}", petition_id)
    found = add_up(read_signatures(transaction, petition_id))
    transaction.execute("DELETE FROM days WHERE petition_id = $1", petition_id)
    add_to_days(transaction, [(petition_id, day, signatures) for day, signatures in found.days.items()])
    set_totals = "UPDATE petitions SET count = $2, digest_sum = $3 WHERE id = $1"
    transaction.execute(set_totals, petition_id, found.count, found.sum.to_bytes())
    record_change(transaction, [petition_id], now)
    return found.count


def read_signatures(transaction: Transaction, petition_id: int) -> Iterator[Signature]:
    """Return all kept signatures of a petition, reading them in portions."""
    after = (-1, 0)
    sql = f"""
        SELECT {SIGNATURE_COLUMNS} FROM signatures
        WHERE petition_id = $1 AND (signed_at, comment_id) > ($2, $3)
        ORDER BY signed_at, comment_id LIMIT $4
    """
    while portion := [*starmap(Signature, transaction.fetch(sql, petition_id, *after, AT_ONCE))]:
        yield from portion
        after = portion[-1].signed_at, portion[-1].comment_id
