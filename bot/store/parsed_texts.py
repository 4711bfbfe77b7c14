"""Which text of a comment was read last, and by which version of the grammar; a new one has all read again."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from bot.petition.comments.comment import Comment, KnownText, Version
from bot.petition.comments.parser import GRAMMAR
from bot.petition.comments.versions import last_text
from bot.store.engine.database import Database, Records, Transaction, read_transaction
from bot.store.key_values import put_mark, read_mark
from bot.store.row_codec import CommentRow, read_known
from bot.time_types import WholeEpochSeconds


def _has_text(comment: Comment, version: Version) -> bool:
    return (version.digest, version.command) in ((one.digest, one.command) for one in comment.versions)


class KnownTexts(Records):
    """What is known of comments and their texts."""

    @read_transaction
    def get_known_texts(self, transaction: Transaction, comment_ids: Collection[int]) -> dict[int, KnownText]:
        """Return the texts of comments that were read last, by id, as far as they need not be read again."""
        sql = "SELECT id, read_digest, versions FROM comments WHERE id = ANY($1::BIGINT[]) AND grammar = $2"
        rows = transaction.fetch(sql, list(comment_ids), GRAMMAR)
        found = {comment_id: read_known(digest, versions) for comment_id, digest, versions in rows}
        return {comment_id: known for comment_id, known in found.items() if known is not None}

    async def list_present(self, issue_id: int, before: WholeEpochSeconds) -> set[int]:
        """List the comments of a thread that are there by what we know, and were written before a time."""
        # A comment that a listing lacked has kept only what was seen of it since.
        sql = """
            SELECT id FROM comments
            WHERE issue_id = $1 AND NOT deleted AND (missing_at = 0 OR versions <> '[]') AND created_at < $2
        """
        return {row[0] for row in await self._fetch(sql, issue_id, before)}


def record_text(row: CommentRow, whole: Comment, seen: Comment, known: Comment | None = None) -> None:
    """Record which text of a comment was read last, once `seen` has been merged with what was `known`.

    What is kept of a comment of which something was erased from the `whole` is not what its text says.
    """
    last = last_text(whole.versions, whole.created_at) if whole.versions else None
    if last is None or row.comment.versions != whole.versions:
        row.read_digest, row.grammar = "", 0
    elif _has_text(seen, last):
        row.read_digest, row.grammar = last.digest, GRAMMAR
    elif known is None or row.read_digest != last.digest or not _has_text(known, last):
        row.read_digest, row.grammar = "", 0


GRAMMAR_MARK: Final = "grammar"
"""The mark of the grammar for which every thread was asked to be read again."""


async def follow_grammar(database: Database) -> None:
    """Request that every thread is read again, once for each new version of the grammar."""

    def read_all_again(transaction: Transaction) -> None:
        # Without a time, because it can wait until discovery comes by: nobody's signature is known to be lost.
        sql = """
            UPDATE threads SET reread = reread + 1, reread_asked_at = 0
            WHERE reread = reread_done AND NOT gone
              AND petition_id IN (SELECT id FROM petitions WHERE labelled AND NOT gone)
        """
        transaction.execute(sql)
        put_mark(transaction, GRAMMAR_MARK, GRAMMAR)

    if (await database.read(lambda transaction: read_mark(transaction, GRAMMAR_MARK)) or 0) < GRAMMAR:
        await database.write(read_all_again)
