"""Why somebody who has commented is not counted, as *Was I counted?* answers it."""

from __future__ import annotations

import re
from typing import Final

from msgspec import Struct

from bot.petition.counting.tally import Reason, explain
from bot.petition.github_facts import Repository
from bot.store.engine.database import Statement, Transaction, statement
from bot.store.recording.signatures import read_account_ages
from bot.store.row_codec import COMMENT_COLUMNS, read_comment
from bot.store.snapshots import Snapshot
from bot.units import WholeEpochSeconds


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


# It reads all comments of a petition: an index for it would have to be written with every comment.
_NEWEST_COMMENT: Final = """
    SELECT id, author_id FROM comments
    WHERE issue_id IN (SELECT issue_id FROM threads WHERE petition_id = $1 AND NOT gone)
      AND {has_login}
    ORDER BY created_at DESC, id DESC LIMIT 1
"""


_NEWEST_COMMENT_OF_LOGIN: Final = Statement(
    sqlite=statement(_NEWEST_COMMENT.format(has_login="author_login = $2 COLLATE NOCASE")).sqlite,
    postgresql=statement(_NEWEST_COMMENT.format(has_login="lower(author_login) = lower($2)")).postgresql,
)


# All comments of a person ($2) that may explain why they are not counted, and the one with the id $3.
_COMMENTS_OF_AUTHOR: Final = statement(f"""
    SELECT {COMMENT_COLUMNS} FROM comments WHERE id = $3
    UNION ALL
    SELECT {COMMENT_COLUMNS} FROM comments WHERE author_id = $2 AND command IS NOT NULL AND +petition_id = $1
    UNION ALL
    SELECT {COMMENT_COLUMNS} FROM comments WHERE petition_id = $1 AND doubtful AND author_id = $2
""")


def read_not_counted(transaction: Transaction, snapshot: Snapshot, login: str) -> NotCounted | None:
    """Return why whoever has a login is not counted; None where they are, or where no comment of theirs stands."""
    if not _LOGIN.fullmatch(login):
        return None
    newest = transaction.tuples(_NEWEST_COMMENT_OF_LOGIN, snapshot.petition_id, login)
    if not newest:
        return None
    comment_id, author_id = newest[0]
    found = transaction.tuples(_COMMENTS_OF_AUTHOR, snapshot.petition_id, author_id, comment_id)
    rows = {row.comment.id: row for row in map(read_comment, found)}
    born = read_account_ages(transaction, [author_id]) if snapshot.rules.asks_for_age else {}
    uncounted = explain(
        (row.comment for row in rows.values()),
        closed_at=snapshot.closed_at,
        rules=snapshot.rules,
        born=born.get(author_id),
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
        old_enough_at=snapshot.rules.old_enough_at(born.get(author_id)) if is_young else None,
    )  # fmt: skip
