"""What is known of comments' texts, and that all are read again when they are read by another grammar."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from bot.petition.comments.commands import GRAMMAR
from bot.petition.comments.comment import Comment, KnownText, Version
from bot.petition.comments.versions import last_text
from bot.store import statements as sql
from bot.store import upkeep_statements as upkeep_sql
from bot.store.engine.database import Database, Transaction
from bot.store.recording.rows import CommentRow, read_known

MARK: Final = "grammar"
"""The mark of the grammar for which every thread was asked to be read again."""


def read_known_texts(transaction: Transaction, comment_ids: Collection[int]) -> dict[int, KnownText]:
    """Return the texts of comments that were read last, where the present grammar has read them."""
    rows = transaction.tuples(sql.KNOWN_TEXTS, list(comment_ids), GRAMMAR)
    found = {comment_id: read_known(digest, versions) for comment_id, digest, versions in rows}
    return {comment_id: known for comment_id, known in found.items() if known is not None}


def note_text(row: CommentRow, whole: Comment, seen: Comment, known: Comment | None = None) -> None:
    """Record which text of a comment was read last, once `seen` has been merged with what was `known`.

    What is kept of a comment of which something was erased from the `whole` is not what its text says.
    """
    last = last_text(whole.versions, whole.created_at) if whole.versions else None
    if last is None or row.comment.versions != whole.versions:
        row.read_digest, row.grammar = "", 0
    elif _says(seen, last):
        row.read_digest, row.grammar = last.digest, GRAMMAR
    elif known is None or row.read_digest != last.digest or not _says(known, last):
        row.read_digest, row.grammar = "", 0


def _says(comment: Comment, version: Version) -> bool:
    said = ((one.digest, one.command) for one in comment.versions)
    return (version.digest, version.command) in said


async def follow_grammar(database: Database) -> None:
    """Ask for every thread to be read again, once for each new version of the grammar."""
    if await database.read(_is_followed):
        return
    await database.write(_ask_for_all)


def _is_followed(transaction: Transaction) -> bool:
    marks = transaction.fetch(upkeep_sql.MARK, MARK)
    return bool(marks) and marks[0].at >= GRAMMAR


def _ask_for_all(transaction: Transaction) -> None:
    transaction.execute(sql.REREAD_ALL)
    transaction.execute(upkeep_sql.PUT_MARK, MARK, GRAMMAR)
