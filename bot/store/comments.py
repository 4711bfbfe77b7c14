"""Comments: which texts are known, of which only GitHub knows who wrote them, or when, and the reactions to them.

Each doubtful comment is asked for by itself, less and less often. So nothing else in a thread waits for a comment
that somebody edits again and again, and nobody can have a whole thread read as often as they like.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Final

from msgspec import Struct

from bot.petition.comments.comment import Comment, KnownText, Version
from bot.petition.comments.grammar import GRAMMAR
from bot.petition.comments.versions import last_text
from bot.store.engine.database import (
    Database,
    Records,
    Row,
    Transaction,
    read_transaction,
    statement,
    write_transaction,
)
from bot.store.marks import put_mark, read_mark
from bot.store.recording import signatures
from bot.store.row_codec import CommentRow, read_known
from bot.store.threads import THREAD_TO_READ, USABLE, ThreadToRead, first_thread
from bot.units import EpochSeconds, WholeEpochSeconds

GRAMMAR_MARK: Final = "grammar"
"""The mark of the grammar for which every thread was asked to be read again."""

REMEMBERED: Final = 3600.0
"""Seconds after which it does not matter any more how often a comment was asked for."""

GIVEN_UP: Final = 7 * 86_400.0
"""Seconds after which a comment is left alone for which nobody could ask; a complete listing brings it back."""

AT_ONCE: Final = 2_500
"""Comments of a thread that are asked for one after the other: as many as an issue takes."""


class DoubtfulComment(Struct, frozen=True):
    """A comment to ask GitHub for, by its node id.

    It was `asked` for so many times lately; hand `wanted` back when it is clear. `about_mail` is whether it only
    matters whether it came by mail.
    """

    comment_id: int
    node_id: str
    wanted: int
    asked: int
    about_mail: bool = False


class Clarification(Struct, frozen=True):
    """What asking for a comment came to: whether it is clear, and when it may be asked for again at the soonest."""

    comment: DoubtfulComment
    is_clear: bool
    ask_after: EpochSeconds


class Comments(Records):
    """The comments of threads."""

    _KNOWN_TEXTS: Final = statement("""
        SELECT id, read_digest, versions FROM comments WHERE id = ANY($1::BIGINT[]) AND grammar = $2
    """)

    @read_transaction
    def get_known_texts(self, transaction: Transaction, comment_ids: Collection[int]) -> dict[int, KnownText]:
        """Return the texts of comments that were read last, by id, as far as they need not be read again."""
        rows = transaction.tuples(self._KNOWN_TEXTS, list(comment_ids), GRAMMAR)
        found = {comment_id: read_known(digest, versions) for comment_id, digest, versions in rows}
        return {comment_id: known for comment_id, known in found.items() if known is not None}

    # A comment that a listing lacked has kept only what was seen of it since.
    _PRESENT: Final = statement("""
        SELECT id FROM comments
        WHERE issue_id = $1 AND NOT deleted AND (missing_at = 0 OR versions <> '[]') AND created_at < $2
    """)

    async def list_present(self, issue_id: int, before: WholeEpochSeconds) -> set[int]:
        """List the comments of a thread that are there by what we know, and were written before a time."""
        return {row[0] for row in await self._fetch(self._PRESENT, issue_id, before)}

    _DROP_OLD: Final = statement("DELETE FROM doubts WHERE (ask_after < $1 AND wanted <= done) OR ask_after < $2")

    async def request_clarification(
        self, nodes: Mapping[int, str], now: EpochSeconds, about_mail: Collection[int] = ()
    ) -> None:
        """Request comments from GitHub, given as node ids by comment id; one that was requested lately waits.

        Of those in `about_mail` only whether they came by mail matters.
        """

        def request(transaction: Transaction) -> None:
            transaction.execute(self._DROP_OLD, now - REMEMBERED, now - GIVEN_UP)
            _put_doubts(transaction, nodes, now, about_mail)

        if nodes:
            await self._database.write(request)

    _DOUBTFUL_THREAD: Final = statement(f"""
        {THREAD_TO_READ}
        {USABLE.format(of="t")}
        WHERE NOT t.gone AND r.installation_id = $1 AND t.issue_id IN (
                SELECT c.issue_id FROM doubts d JOIN comments c ON c.id = d.comment_id
                WHERE d.wanted > d.done AND d.ask_after <= $2
            )
        ORDER BY t.issue_id LIMIT 1
    """)

    async def get_doubtful_thread(self, installation_id: int, now: EpochSeconds) -> ThreadToRead | None:
        """Return a thread of an installation that has comments to ask for now; None where there is none."""
        return first_thread(await self._fetch(self._DOUBTFUL_THREAD, installation_id, now))

    _DOUBTFUL: Final = statement("""
        SELECT d.comment_id, d.node_id, d.wanted, d.asked, d.about_mail
        FROM doubts d JOIN comments c ON c.id = d.comment_id
        WHERE d.wanted > d.done AND d.ask_after <= $2 AND c.issue_id = $1
        ORDER BY d.ask_after, d.comment_id LIMIT $3
    """)

    async def list_doubtful(self, issue_id: int, now: EpochSeconds) -> list[DoubtfulComment]:
        """List the comments of a thread to ask for now, those first that have waited longest."""
        return [DoubtfulComment(*row) for row in await self._fetch(self._DOUBTFUL, issue_id, now, AT_ONCE)]

    _POSTPONE: Final = statement("UPDATE doubts SET ask_after = $2 WHERE comment_id = $1")

    @write_transaction
    def postpone_doubts(
        self, transaction: Transaction, doubts: Sequence[DoubtfulComment], until: EpochSeconds
    ) -> None:
        """Record that comments wait for their turn until a time."""
        transaction.each(self._POSTPONE, [(one.comment_id, until) for one in doubts])

    _LOOKUPS: Final = statement("""
        SELECT asked_at FROM mail_lookups WHERE petition_id = $1 AND asked_at > $2 ORDER BY asked_at
    """)

    async def list_lookups(self, petition_id: int, since: EpochSeconds) -> list[EpochSeconds]:
        """List when GitHub was asked for comments of a petition, in order."""
        return [row[0] for row in await self._fetch(self._LOOKUPS, petition_id, since)]

    _PUT_LOOKUP: Final = statement("INSERT INTO mail_lookups (petition_id, asked_at) VALUES ($1, $2)")
    _DROP_LOOKUPS: Final = statement("DELETE FROM mail_lookups WHERE petition_id = $1 AND asked_at < $2")

    @write_transaction
    def record_lookups(self, transaction: Transaction, petition_id: int, calls: int, now: EpochSeconds) -> None:
        """Record that GitHub is asked for comments of a petition in so many calls."""
        transaction.execute(self._DROP_LOOKUPS, petition_id, now - REMEMBERED)
        transaction.each(self._PUT_LOOKUP, [(petition_id, now)] * calls)

    _MARK_ASKED: Final = statement("""
        UPDATE doubts SET asked = asked + 1, ask_after = $2, done = CASE WHEN done < $3 THEN $3 ELSE done END
        WHERE comment_id = $1
    """)

    @write_transaction
    def record_clarifications(self, transaction: Transaction, answers: Sequence[Clarification]) -> None:
        """Record that comments were asked for; a request that came meanwhile is not answered by that."""
        rows = [
            (one.comment.comment_id, one.ask_after, one.comment.wanted if one.is_clear else 0) for one in answers
        ]
        transaction.each(self._MARK_ASKED, rows)


_PUT_DOUBTS: Final = statement("""
    INSERT INTO doubts (comment_id, node_id, wanted, ask_after, about_mail)
    SELECT * FROM unnest($1::BIGINT[], $2::TEXT[], $3::BIGINT[], $4::DOUBLE PRECISION[], $5::BOOLEAN[])
    ON CONFLICT (comment_id) DO UPDATE SET
        node_id = excluded.node_id, wanted = doubts.wanted + 1, about_mail = excluded.about_mail
""")


def _put_doubts(
    transaction: Transaction, nodes: Mapping[int, str], now: EpochSeconds, about_mail: Collection[int]
) -> None:
    rows = [(comment_id, node_id, 1, now, comment_id in about_mail) for comment_id, node_id in nodes.items()]
    transaction.put(_PUT_DOUBTS, rows)


_REOPEN_DOUBT: Final = statement("UPDATE doubts SET wanted = wanted + 1, about_mail = $2 WHERE comment_id = $1")


def reopen_doubt(transaction: Transaction, row: CommentRow, node_id: str, now: EpochSeconds) -> bool:
    """Request a comment once more in its turn; False where the thread has to be read for it.

    What only may have come by mail is asked for without reading its thread.
    """
    about_mail = row.standing is not None and row.standing.is_only_unclear
    if transaction.execute(_REOPEN_DOUBT, row.comment.id, about_mail):
        return True
    if about_mail and node_id:
        _put_doubts(transaction, {row.comment.id: node_id}, now, [row.comment.id])
    return bool(about_mail and node_id)


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


def _has_text(comment: Comment, version: Version) -> bool:
    return (version.digest, version.command) in ((one.digest, one.command) for one in comment.versions)


# Without a time, because it can wait until discovery comes by: nobody's signature is known to be lost.
_READ_ALL_AGAIN: Final = statement("""
    UPDATE threads SET reread = reread + 1, reread_asked_at = 0
    WHERE reread = reread_done AND NOT gone
      AND petition_id IN (SELECT id FROM petitions WHERE labelled AND NOT gone)
""")


async def follow_grammar(database: Database) -> None:
    """Request that every thread is read again, once for each new version of the grammar."""

    def read_all_again(transaction: Transaction) -> None:
        transaction.execute(_READ_ALL_AGAIN)
        put_mark(transaction, GRAMMAR_MARK, GRAMMAR)

    if (await database.read(lambda transaction: read_mark(transaction, GRAMMAR_MARK)) or 0) < GRAMMAR:
        await database.write(read_all_again)


class AckDue(Struct, frozen=True):
    """A comment that does not bear the reaction it should."""

    comment_id: int
    repository: str
    wanted: str | None
    given: str | None
    reaction_id: int | None


class Acknowledgements(Records):
    """The reactions that are missing, or wrong."""

    _PETITIONS: Final = statement("""
        SELECT p.id, (SELECT max(c.made_at) FROM comments c WHERE c.petition_id = p.id AND c.ack_due) AS newest
        FROM petitions p JOIN repositories r ON r.id = p.repository_id
        WHERE r.installation_id = $1
          AND EXISTS (SELECT 1 FROM comments c WHERE c.petition_id = p.id AND c.ack_due)
        ORDER BY newest DESC LIMIT $2
    """)

    _DROP_LATE: Final = statement("""
        UPDATE comments SET ack_due = FALSE
        WHERE petition_id = $1 AND ack_due AND ack_given IS NULL AND made_at < $2
    """)

    _DUE: Final = statement("""
        SELECT c.made_at, c.id, r.owner, r.name, c.ack_wanted, c.ack_given, c.reaction_id
        FROM comments c
        JOIN threads t ON t.issue_id = c.issue_id AND NOT t.locked
        JOIN repositories r ON r.id = t.repository_id
        WHERE c.petition_id = $1 AND c.ack_due
        ORDER BY c.made_at DESC, c.id DESC LIMIT $2
    """)

    @write_transaction
    def drop_late_and_list(self, transaction: Transaction, installation_id: int, limit: int) -> list[AckDue]:
        """Drop the first acknowledgements that are an hour late, and list the others, newest first."""
        # The newest acknowledgements of all lie within the petitions that have the newest one.
        rows: list[Row] = []
        for petition in transaction.fetch(self._PETITIONS, installation_id, limit):
            transaction.execute(self._DROP_LATE, petition.id, int(self._now()) - signatures.ACKNOWLEDGED_WITHIN)
            rows += transaction.fetch(self._DUE, petition.id, limit)
        rows.sort(key=lambda row: (row.made_at, row.id), reverse=True)
        return [AckDue(comment_id, f"{owner}/{name}", *rest) for _, comment_id, owner, name, *rest in rows[:limit]]

    _LOCK: Final = statement("""
        SELECT c.ack_wanted FROM comments c JOIN petitions p ON p.id = c.petition_id
        WHERE c.id = $1 FOR UPDATE OF p, c
    """)

    _SET_GIVEN: Final = statement("""
        UPDATE comments SET ack_given = $2, reaction_id = $3, ack_due = $4 WHERE id = $1
    """)

    @write_transaction
    def record_given(
        self, transaction: Transaction, comment_id: int, given: str | None, reaction_id: int | None
    ) -> None:
        """Record which reaction a comment bears now."""
        for row in transaction.fetch(self._LOCK, comment_id):
            transaction.execute(self._SET_GIVEN, comment_id, given, reaction_id, row.ack_wanted != given)
