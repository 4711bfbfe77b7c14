"""Check everything that is derived of a petition against a full fold of its comments; changes nothing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Final

from bot.petition.counting.tally import Signature
from bot.store.engine.database import Records, Transaction, read_transaction, statement
from bot.store.recording.rows import CommentRow
from bot.store.recording.signatures import evaluate_comments, is_outdated, read_born
from bot.store.recording.totals import SECONDS_PER_DAY, Totals, add_up, read_signatures, read_totals
from bot.store.recording.unit_of_work import PetitionRow, UnitOfWork, read_comments_of
from bot.store.threads import read_issues_of


@dataclass(frozen=True, slots=True)
class Discrepancy:
    """Something that is stored and does not follow from the comments; `comment_id` is None where it is of all.

    `issue` is where it is, as OWNER/REPO#N.
    """

    text: str
    comment_id: int | None = None
    issue: str = ""


@dataclass(frozen=True, slots=True)
class Inspection:
    """A petition's name, as OWNER/REPO#N, how many signatures its comments hold, and what is kept otherwise."""

    name: str
    count: int
    digest: str
    discrepancies: tuple[Discrepancy, ...]


class Consistency(Records):
    """Whether what is derived follows from the comments."""

    _FIND: Final = statement("""
        SELECT DISTINCT t.petition_id FROM threads t JOIN repositories r ON r.id = t.repository_id
        WHERE NOT t.gone AND lower(r.owner) = lower($1) AND lower(r.name) = lower($2) AND t.number = $3
        ORDER BY t.petition_id
    """)

    async def find_petitions(self, repository: str, number: int) -> list[int]:
        """List the petitions that an issue of OWNER/REPO belongs to: one, or none."""
        owner, _, name = repository.partition("/")
        return [row[0] for row in await self._tuples(self._FIND, owner, name, number)]

    _ALL: Final = statement("SELECT id FROM petitions ORDER BY id")

    async def list_petitions(self) -> list[int]:
        """List all petitions."""
        return [row[0] for row in await self._tuples(self._ALL)]

    _NAME: Final = statement("""
        SELECT r.owner, r.name, t.number
        FROM threads t JOIN repositories r ON r.id = t.repository_id
        WHERE t.petition_id = $1
        ORDER BY t.gone, t.position LIMIT 1
    """)

    @read_transaction
    def inspect(self, transaction: Transaction, petition_id: int) -> Inspection | None:
        """Fold a petition's comments and compare; None where it is not there any more."""
        issue_ids = read_issues_of(transaction, petition_id)
        unit = UnitOfWork()
        unit.read(transaction, issue_ids)
        petition, kept = unit.petitions.get(petition_id), read_totals(transaction, petition_id)
        if petition is None or kept is None:
            return None
        fold = _Fold(petition)
        for issue_id in issue_ids:
            fold.add(read_comments_of(transaction, issue_id))
        read_born(transaction, petition, fold.people)
        right = fold.signatures()
        totals = add_up(right.values())
        found = (
            *fold.discrepancies,
            *_compare_signatures(right, read_signatures(transaction, petition_id)),
            *_compare_totals(totals, kept),
        )
        owner, name, number = transaction.tuples(self._NAME, petition_id)[0]
        issue = f"{owner}/{name}#{number}"
        return Inspection(issue, totals.count, totals.sum.digest, _with_issues(transaction, found, issue))


_ISSUES_OF_COMMENTS: Final = statement("""
    SELECT c.id, r.owner, r.name, t.number
    FROM comments c JOIN threads t ON t.issue_id = c.issue_id JOIN repositories r ON r.id = t.repository_id
    WHERE c.id = ANY($1::BIGINT[])
""")


def _with_issues(
    transaction: Transaction, discrepancies: Collection[Discrepancy], petition_name: str
) -> tuple[Discrepancy, ...]:
    """Add to each on which of the petition's issues it is to be seen."""
    comment_ids = [one.comment_id for one in discrepancies if one.comment_id is not None]
    rows = transaction.tuples(_ISSUES_OF_COMMENTS, comment_ids)
    issues = {comment_id: f"{owner}/{name}#{number}" for comment_id, owner, name, number in rows}
    return tuple(replace(one, issue=issues.get(one.comment_id, petition_name)) for one in discrepancies)


@dataclass(slots=True)
class _Fold:
    """The comments of a petition that have, or had, a command, by their authors."""

    petition: PetitionRow
    discrepancies: list[Discrepancy] = field(default_factory=list)
    _people: defaultdict[int, list[CommentRow]] = field(default_factory=lambda: defaultdict(list))

    def add(self, rows: Iterable[CommentRow]) -> None:
        for row in rows:
            if is_outdated(row):
                self.discrepancies.append(Discrepancy("what a comment says is kept otherwise", row.comment.id))
            has_command = row.standing is not None and row.standing.command is not None
            if row.comment.author is not None and (has_command or row.counted):
                self._people[row.comment.author.id].append(row)

    @property
    def people(self) -> list[int]:
        """Return the authors of commands, by user id."""
        return list(self._people)

    def signatures(self) -> dict[int, Signature]:
        """Derive the signatures, by their comments."""
        found = {}
        for rows in self._people.values():
            signature = self._signature(rows)
            if signature is not None:
                found[signature.comment_id] = signature
            for row in rows:
                if row.counted != (signature is not None and row.comment.id == signature.comment_id):
                    text = (
                        "counts, but is not marked so" if not row.counted else "is marked as counting, but does not"
                    )
                    self.discrepancies.append(Discrepancy(f"a comment {text}", row.comment.id))
        self._people.clear()
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
                f"{signature.login}'s signature is kept, but the comments do not hold it", signature.comment_id
            )
        elif signature != expected:
            yield Discrepancy(
                f"{expected.login}'s signature is kept otherwise than the comment says", signature.comment_id
            )
    for signature in lacking.values():
        yield Discrepancy(f"{signature.login}'s signature is not kept", signature.comment_id)


def _compare_totals(right: Totals, kept: Totals) -> Iterator[Discrepancy]:
    if kept.count != right.count:
        yield Discrepancy(f"the count is kept as {kept.count:,}, the comments hold {right.count:,}")
    if kept.sum != right.sum:
        yield Discrepancy("the digest is kept as that of other signatures")
    for day in sorted(right.days.keys() | kept.days.keys()):
        if kept.days[day] != right.days[day]:
            date = datetime.fromtimestamp(day * SECONDS_PER_DAY, UTC).date()
            yield Discrepancy(f"for {date} are kept {kept.days[day]:,}, the comments hold {right.days[day]:,}")
