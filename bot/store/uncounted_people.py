"""Why people who have commented are not counted, as *Was I counted?* answers it, and how many have withdrawn."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from bot.petition.comments.commands import Command, Unsign
from bot.petition.comments.comment import standing
from bot.petition.facts_from_github import Repository
from bot.petition.tally import Conditions, Reason, explain
from bot.store.comment_rows import COMMENT_COLUMNS, CommentRow, read_comment
from bot.store.engine.database import Transaction
from bot.store.petition_snapshots import Snapshot
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
    sql = f"""
        SELECT {COMMENT_COLUMNS} FROM comments
        WHERE issue_id IN (SELECT issue_id FROM threads WHERE petition_id = $1 AND NOT gone)
          AND lower(author_login) = lower($2)
        ORDER BY created_at DESC, id DESC LIMIT 1
    """
    for newest in map(read_comment, transaction.fetch(sql, snapshot.petition_id, login)):
        if newest.comment.author is not None:
            author_id = newest.comment.author.id
            found = _read_comments_of(transaction, snapshot, [author_id])
            return _explain(snapshot, [newest, *found.by_author[author_id]], found.born)
    return None


def _explain(
    snapshot: Snapshot, comments: Iterable[CommentRow], born: Mapping[int, WholeEpochSeconds]
) -> NotCounted | None:
    rows = {row.comment.id: row for row in comments}
    conditions = Conditions(snapshot.closed_at, snapshot.rules, born)
    uncounted = explain((row.comment for row in rows.values()), conditions)
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
        old_enough_at=snapshot.rules.old_enough_at(born.get(author.id)) if is_young else None,
    )  # fmt: skip


MOST_PEOPLE: Final = 2_000
"""People without a signature whose comments are read, those who commented last."""


class UncountedComments(Struct, frozen=True):
    """The comments of people who may have tried to sign a petition and have no signature."""

    snapshot: Snapshot
    by_author: Mapping[int, Sequence[CommentRow]]
    born: Mapping[int, WholeEpochSeconds]
    is_whole: bool = True
    """Whether these are all people, and not only those who commented last."""

    def explain(self) -> list[NotCounted]:
        """Return why they are not counted, the latest first; with many people this takes a while."""
        found = (_explain(self.snapshot, rows, self.born) for rows in self.by_author.values())
        return sorted((one for one in found if one is not None), key=lambda one: (-one.at, one.comment_id))


def read_uncounted(transaction: Transaction, snapshot: Snapshot) -> UncountedComments:
    """Read the comments of those who may have tried to sign and have no signature."""
    # Mere words are not read: nobody counts them as an attempt.
    sql = """
        SELECT author_id FROM comments
        WHERE issue_id IN (SELECT issue_id FROM threads WHERE petition_id = $1 AND NOT gone)
          AND author_id IS NOT NULL AND (command IS NOT NULL OR doubtful)
        GROUP BY author_id
        HAVING max(CASE WHEN counted THEN 1 ELSE 0 END) = 0
           AND max(
                   CASE WHEN command IN ('sign', 'order') OR ack_wanted = 'confused' OR doubtful THEN 1 ELSE 0 END
               ) = 1
        ORDER BY max(created_at) DESC, author_id DESC LIMIT $2
    """
    people = [row[0] for row in transaction.fetch(sql, snapshot.petition_id, MOST_PEOPLE + 1)]
    found = _read_comments_of(transaction, snapshot, people[:MOST_PEOPLE])
    return replace(found, is_whole=len(people) <= MOST_PEOPLE)


def _read_comments_of(transaction: Transaction, snapshot: Snapshot, people: Sequence[int]) -> UncountedComments:
    """Read all comments of people that may explain why they are not counted."""
    by_author: dict[int, list[CommentRow]] = {author_id: [] for author_id in people}
    if not people:
        return UncountedComments(snapshot, by_author, {})
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
    born = read_account_ages(transaction, people) if snapshot.rules.asks_for_age else {}
    return UncountedComments(snapshot, by_author, born)


def count_withdrawn(transaction: Transaction, petition_id: int) -> int:
    """Return how many people have withdrawn their signatures."""
    # A comment with commands of organizers is kept as one, whatever else it says.
    orders_of_others = f"""
        SELECT {COMMENT_COLUMNS} FROM comments c
        WHERE c.petition_id = $1 AND c.command = 'order'
          AND c.author_id NOT IN (SELECT user_id FROM signatures WHERE petition_id = $1)
          AND c.author_id NOT IN (
              SELECT author_id FROM comments
              WHERE issue_id IN (SELECT issue_id FROM threads WHERE petition_id = $1)
                AND petition_id = $1 AND command = 'unsign'
          )
    """
    comments = (read_comment(row).comment for row in transaction.fetch(orders_of_others, petition_id))
    others = {one.author and one.author.id for one in comments if _withdraws(standing(one).command)}
    sql = """
        SELECT count(DISTINCT c.author_id) FROM comments c
        WHERE c.issue_id IN (SELECT issue_id FROM threads WHERE petition_id = $1)
          AND c.petition_id = $1 AND c.command = 'unsign'
          AND c.author_id NOT IN (SELECT user_id FROM signatures WHERE petition_id = $1)
    """
    count: int = transaction.fetch(sql, petition_id)[0][0]
    return count + len(others)


def _withdraws(command: Command | None) -> bool:
    return command is not None and isinstance(command.effect, Unsign)
