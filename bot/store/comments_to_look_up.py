"""Comments of which only GitHub knows who wrote them, when, or whether they came by mail.

Each doubtful comment is asked for by itself, less and less often. So nothing else in a thread waits for a comment
that somebody edits again and again, and nobody can have a whole thread read as often as they like.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Final

from msgspec import Struct

from bot.petition.comments.comment import standing
from bot.store.comment_rows import CommentRow
from bot.store.engine.database import Records, Transaction, write_transaction
from bot.store.threads_to_read import USABLE_THREADS, ThreadToRead, first_thread
from bot.time_types import EpochSeconds

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


class DoubtfulComments(Records):
    """The comments to ask GitHub for."""

    async def request_clarification(
        self, nodes: Mapping[int, str], now: EpochSeconds, about_mail: Collection[int] = ()
    ) -> None:
        """Request comments from GitHub, given as node ids by comment id; one that was requested lately waits.

        Of those in `about_mail` only whether they came by mail matters.
        """

        def request(transaction: Transaction) -> None:
            sql = "DELETE FROM doubts WHERE (ask_after < $1 AND wanted <= done) OR ask_after < $2"
            transaction.execute(sql, now - REMEMBERED, now - GIVEN_UP)
            _put_doubts(transaction, nodes, now, about_mail)

        if nodes:
            await self._database.write(request)

    async def get_doubtful_thread(self, installation_id: int, now: EpochSeconds) -> ThreadToRead | None:
        """Return a thread of an installation that has comments to ask for now; None where there is none."""
        sql = f"""
            {USABLE_THREADS}
            WHERE NOT t.gone AND r.installation_id = $1 AND t.issue_id IN (
                    SELECT c.issue_id FROM doubts d JOIN comments c ON c.id = d.comment_id
                    WHERE d.wanted > d.done AND d.ask_after <= $2
                )
            ORDER BY t.issue_id LIMIT 1
        """
        return first_thread(await self._fetch(sql, installation_id, now))

    async def list_doubtful(self, issue_id: int, now: EpochSeconds) -> list[DoubtfulComment]:
        """List the comments of a thread to ask for now, those first that have waited longest."""
        sql = """
            SELECT d.comment_id, d.node_id, d.wanted, d.asked, d.about_mail
            FROM doubts d JOIN comments c ON c.id = d.comment_id
            WHERE d.wanted > d.done AND d.ask_after <= $2 AND c.issue_id = $1
            ORDER BY d.ask_after, d.comment_id LIMIT $3
        """
        return [DoubtfulComment(*row) for row in await self._fetch(sql, issue_id, now, AT_ONCE)]

    @write_transaction
    def postpone_doubts(
        self, transaction: Transaction, doubts: Sequence[DoubtfulComment], until: EpochSeconds
    ) -> None:
        """Record that comments wait for their turn until a time."""
        sql = "UPDATE doubts SET ask_after = $2 WHERE comment_id = $1"
        transaction.each(sql, [(one.comment_id, until) for one in doubts])

    async def list_lookups(self, petition_id: int, since: EpochSeconds) -> list[EpochSeconds]:
        """List when GitHub was asked for comments of a petition, in order."""
        sql = "SELECT asked_at FROM mail_lookups WHERE petition_id = $1 AND asked_at > $2 ORDER BY asked_at"
        return [row[0] for row in await self._fetch(sql, petition_id, since)]

    @write_transaction
    def record_lookups(self, transaction: Transaction, petition_id: int, calls: int, now: EpochSeconds) -> None:
        """Record that GitHub is asked for comments of a petition in so many calls."""
        drop_lookups = "DELETE FROM mail_lookups WHERE petition_id = $1 AND asked_at < $2"
        transaction.execute(drop_lookups, petition_id, now - REMEMBERED)
        sql = "INSERT INTO mail_lookups (petition_id, asked_at) VALUES ($1, $2)"
        transaction.each(sql, [(petition_id, now)] * calls)

    @write_transaction
    def record_clarifications(self, transaction: Transaction, answers: Sequence[Clarification]) -> None:
        """Record that comments were asked for; a request that came meanwhile is not answered by that."""
        rows = [
            (one.comment.comment_id, one.ask_after, one.comment.wanted if one.is_clear else 0) for one in answers
        ]
        sql = """
            UPDATE doubts SET asked = asked + 1, ask_after = $2, done = greatest(done, $3)
            WHERE comment_id = $1
        """
        transaction.each(sql, rows)


def _put_doubts(
    transaction: Transaction, nodes: Mapping[int, str], now: EpochSeconds, about_mail: Collection[int]
) -> None:
    rows = [(comment_id, node_id, 1, now, comment_id in about_mail) for comment_id, node_id in nodes.items()]
    sql = """
        INSERT INTO doubts (comment_id, node_id, wanted, ask_after, about_mail)
        SELECT * FROM unnest($1::BIGINT[], $2::TEXT[], $3::BIGINT[], $4::DOUBLE PRECISION[], $5::BOOLEAN[])
        ON CONFLICT (comment_id) DO UPDATE SET
            node_id = excluded.node_id, wanted = doubts.wanted + 1, about_mail = excluded.about_mail
    """
    transaction.put(sql, rows)


def reopen_doubt(transaction: Transaction, row: CommentRow, node_id: str, now: EpochSeconds) -> bool:
    """Request a comment once more in its turn; False where the thread has to be read for it.

    What only may have come by mail is asked for without reading its thread.
    """
    about_mail = standing(row.comment).is_only_unclear
    sql = "UPDATE doubts SET wanted = wanted + 1, about_mail = $2 WHERE comment_id = $1"
    if transaction.execute(sql, row.comment.id, about_mail):
        return True
    if about_mail and node_id:
        _put_doubts(transaction, {row.comment.id: node_id}, now, [row.comment.id])
    return bool(about_mail and node_id)
