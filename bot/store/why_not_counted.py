"""Why somebody who has commented is not counted, as *Was I counted?* answers it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

from msgspec import Struct

from bot.petition.counting.tally import Reason, explain
from bot.petition.facts_from_github import Repository
from bot.store.comment_and_rules_columns import COMMENT_COLUMNS, CommentRow, read_comment
from bot.store.engine.database import Transaction
from bot.store.petition_snapshots_and_obstacles import Snapshot
from bot.store.recording.signatures_and_reactions import read_account_ages
from bot.time_types import WholeEpochSeconds


class NotCounted(Struct, frozen=True):
    """Somebody who commented and is not counted, and the comment that explains it best.

    `at` is when that was made.
    """

    login: str
    reason: Reason
    at: WholeEpochSeconds
    repository: Repository
    number: int
    comment_id: int
    fault: str = ""
    """What is wrong about a command that was mistyped."""
    has_orders: bool = False
    """Whether the comment also has commands of organizers, which an edit could take back."""
    old_enough_at: WholeEpochSeconds | None = None
    """From when on the account may sign, where it was too young."""


_LOGIN: Final = re.compile(r"[A-Za-z0-9_-]{1,100}", re.ASCII)
"""What may be a login; for other texts no comment needs to be read."""


def read_not_counted(transaction: Transaction, snapshot: Snapshot, login: str) -> NotCounted | None:
    """Return why whoever has a login is not counted; None where they are, or where no comment of theirs stands."""
    if not _LOGIN.fullmatch(login):
        return None
    # It reads all comments of a petition: an index for it would have to be written with every comment.
    sql = """
        SELECT id, author_id FROM comments
        WHERE issue_id IN (SELECT issue_id FROM threads WHERE petition_id = $1 AND NOT gone)
          AND lower(author_login) = lower($2)
        ORDER BY created_at DESC, id DESC LIMIT 1
    """
    newest = transaction.fetch(sql, snapshot.petition_id, login)
    if not newest:
        return None
    comment_id, author_id = newest[0]
    # All comments of a person ($2) that may explain why they are not counted, and the one with the id $3.
    comments_of_author = f"""
        SELECT {COMMENT_COLUMNS} FROM comments WHERE id = $3
        UNION ALL
        SELECT {COMMENT_COLUMNS} FROM comments WHERE author_id = $2 AND command IS NOT NULL AND +petition_id = $1
        UNION ALL
        SELECT {COMMENT_COLUMNS} FROM comments WHERE petition_id = $1 AND doubtful AND author_id = $2
    """
    found = transaction.fetch(comments_of_author, snapshot.petition_id, author_id, comment_id)
    rows = {row.comment.id: row for row in map(read_comment, found)}
    born = read_account_ages(transaction, [author_id]) if snapshot.rules.asks_for_age else {}
    return _explain(snapshot, rows, born.get(author_id))


def _explain(
    snapshot: Snapshot, rows: Mapping[int, CommentRow], born: WholeEpochSeconds | None
) -> NotCounted | None:
    uncounted = explain(
        (row.comment for row in rows.values()), closed_at=snapshot.closed_at, rules=snapshot.rules, born=born
    )
    if uncounted is None:
        return None
    row = rows[uncounted.comment_id]
    thread = next((one for one in snapshot.threads if one.issue_id == row.issue_id), None)
    author = row.comment.author
    if thread is None or author is None:
        return None
    is_young = uncounted.reason is Reason.YOUNG
    return NotCounted(
        author.login, uncounted.reason, uncounted.at, thread.repository, thread.number, uncounted.comment_id,
        uncounted.fault, uncounted.has_orders,
        old_enough_at=snapshot.rules.old_enough_at(born) if is_young else None,
    )  # fmt: skip


MOST_PEOPLE: Final = 2_000
"""People without a signature whose comments are read, those who commented last."""

# Mere words are not read: nobody counts them as an attempt.
_PEOPLE_WITHOUT_SIGNATURE: Final = """
    SELECT author_id FROM comments
    WHERE issue_id IN (SELECT issue_id FROM threads WHERE petition_id = $1 AND NOT gone)
      AND author_id IS NOT NULL AND (command IS NOT NULL OR doubtful)
    GROUP BY author_id
    HAVING max(CASE WHEN counted THEN 1 ELSE 0 END) = 0
       AND max(CASE WHEN command IN ('sign', 'order') OR ack_wanted = 'confused' OR doubtful THEN 1 ELSE 0 END) = 1
    ORDER BY max(created_at) DESC, author_id DESC LIMIT $2
"""


class UncountedComments(Struct, frozen=True):
    """The comments of people who may have tried to sign a petition and have no signature."""

    snapshot: Snapshot
    by_author: Mapping[int, Sequence[CommentRow]]
    born: Mapping[int, WholeEpochSeconds]
    is_whole: bool = True
    """Whether these are all people, and not only those who commented last."""

    def explain(self) -> list[NotCounted]:
        """Return why they are not counted, the latest first; with many people this takes a while."""
        found = (self._explain(author_id, rows) for author_id, rows in self.by_author.items())
        return sorted((one for one in found if one is not None), key=lambda one: (-one.at, one.comment_id))

    def _explain(self, author_id: int, rows: Sequence[CommentRow]) -> NotCounted | None:
        return _explain(self.snapshot, {row.comment.id: row for row in rows}, self.born.get(author_id))


def read_uncounted(transaction: Transaction, snapshot: Snapshot) -> UncountedComments:
    """Read the comments of those who may have tried to sign and have no signature."""
    found = transaction.fetch(_PEOPLE_WITHOUT_SIGNATURE, snapshot.petition_id, MOST_PEOPLE + 1)
    people = [row[0] for row in found][:MOST_PEOPLE]
    by_author: dict[int, list[CommentRow]] = {author_id: [] for author_id in people}
    if people:
        sql = f"""
            SELECT {COMMENT_COLUMNS} FROM comments
            WHERE author_id = ANY($2::BIGINT[]) AND command IS NOT NULL AND +petition_id = $1
            UNION ALL
            SELECT {COMMENT_COLUMNS} FROM comments
            WHERE petition_id = $1 AND doubtful AND command IS NULL AND author_id = ANY($2::BIGINT[])
        """
        for row in map(read_comment, transaction.fetch(sql, snapshot.petition_id, people)):
            if row.comment.author is not None:
                by_author[row.comment.author.id].append(row)
    born = read_account_ages(transaction, people) if snapshot.rules.asks_for_age and people else {}
    return UncountedComments(snapshot, by_author, born, is_whole=len(found) <= MOST_PEOPLE)
