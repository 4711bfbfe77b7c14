"""The reactions that comments should bear, and do not."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from bot.store.engine.database import Records, Row, Transaction, statement, write_transaction
from bot.store.recording import signatures


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
