"""Find out why somebody who commented is not counted, for whoever asks by their login."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from bot.petition.counting.not_counted import Reason, explain
from bot.petition.facts import Repository
from bot.store import roster_statements as sql
from bot.store import statements
from bot.store.engine.database import Transaction
from bot.store.petitions import Snapshot
from bot.store.recording.rows import read_comment


@dataclass(frozen=True, slots=True)
class NotCounted:
    """Somebody who commented and is not counted, and where the comment stands that says most about it.

    `at` is when that was made, in UTC epoch seconds.
    """

    login: str
    reason: Reason
    at: int
    repository: Repository
    number: int
    comment_id: int


def read_unheard(transaction: Transaction, snapshot: Snapshot, login: str) -> NotCounted | None:
    """Return why whoever has a login is not counted; None where they are, or where no comment of theirs stands."""
    if not _LOGIN.fullmatch(login):
        return None
    newest = transaction.tuples(sql.COMMENT_OF_LOGIN, snapshot.petition_id, login)
    if not newest:
        return None
    comment_id, author_id = newest[0]
    found = transaction.tuples(sql.WHAT_SOMEBODY_SAID, snapshot.petition_id, author_id, comment_id)
    rows = {row.comment.id: row for row in map(read_comment, found)}
    born = transaction.tuples(statements.BORN, [author_id]) if snapshot.rules.asks_for_age else []
    uncounted = explain(
        (row.comment for row in rows.values()),
        closed_at=snapshot.closed_at,
        rules=snapshot.rules,
        born=born[0][1] if born else None,
    )
    if uncounted is None:
        return None
    said = rows[uncounted.comment_id]
    thread = next((one for one in snapshot.threads if one.issue_id == said.issue_id), None)
    author = said.comment.author
    if thread is None or author is None:
        return None
    return NotCounted(
        author.login, uncounted.reason, uncounted.at, thread.repository, thread.number, uncounted.comment_id
    )


_LOGIN: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}", re.ASCII)
"""What may be a login; for other texts no comment needs to be looked at."""
