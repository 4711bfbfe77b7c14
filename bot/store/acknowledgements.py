"""The reactions that comments should bear, and do not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from msgspec import Struct

from bot.store.engine.database import Records, Row, Transaction, write_transaction
from bot.store.petition_obstacles import State
from bot.store.recording import signatures_and_reactions


class AckDue(Struct, frozen=True):
    """A comment that does not bear the reaction it should."""

    comment_id: int
    repository: str
    wanted: str | None
    given: str | None
    reaction_id: int | None


_COLUMNS = "c.id, h.owner, h.name, c.ack_wanted, c.ack_given, c.reaction_id"

_OF_COMMENTS = """
    FROM comments c
    JOIN threads t ON t.issue_id = c.issue_id AND NOT t.locked
    JOIN repositories h ON h.id = t.repository_id
"""


class Acknowledgements(Records):
    """The reactions that are missing, or wrong."""

    # Not by the index of what is due: of others there may be thousands.
    _OF_ORGANIZERS: Final = f"""
        SELECT {_COLUMNS} {_OF_COMMENTS}
        JOIN petitions p ON p.id = c.petition_id
        JOIN repositories r ON r.id = p.repository_id AND r.installation_id = $1
        JOIN organizers o ON o.repository_id = r.id AND o.user_id = c.author_id AND o.allowed
        WHERE c.command = 'order' AND NOT NOT c.ack_due
        ORDER BY c.made_at DESC, c.id DESC LIMIT $2
    """

    @write_transaction
    def drop_late_and_list(self, transaction: Transaction, installation_id: int, limit: int) -> list[AckDue]:
        """Drop the first acknowledgements that come too late, and list the others, the most urgent first.

        Organizers wait for what became of their commands, and whoever is refused has to do something about it; who
        has signed is counted, whether the reaction comes or not. Among equals the newest comes first. Those of a
        petition that another counter keeps are not ours to give.
        """
        now = int(self._now())
        late = (now - signatures_and_reactions.ACKNOWLEDGED_WITHIN, now - signatures_and_reactions.REFUSED_WITHIN)
        sql = """
            UPDATE comments SET ack_due = FALSE
            WHERE petition_id IN (
                    SELECT p.id FROM petitions p JOIN repositories r ON r.id = p.repository_id
                    WHERE r.installation_id = $1
                )
              AND ack_due AND ack_given IS NULL AND made_at < $2
              AND (made_at < $3 OR (ack_wanted = '+1' AND command <> 'order'))
        """
        transaction.execute(sql, installation_id, *late)
        drop_others = f"""
            UPDATE comments SET ack_due = FALSE
            WHERE petition_id IN (
                    SELECT p.id FROM petitions p JOIN repositories r ON r.id = p.repository_id
                    WHERE r.installation_id = $1 AND p.state = '{State.COUNTED_ELSEWHERE}'
                )
              AND ack_due
        """
        transaction.execute(drop_others, installation_id)
        found = {row[0]: row for row in transaction.fetch(self._OF_ORGANIZERS, installation_id, limit)}
        for condition in ("c.ack_due AND c.ack_wanted = 'confused'", "c.ack_due"):
            if len(found) < limit:
                for row in _read_due(transaction, condition, installation_id, limit):
                    found.setdefault(row[0], row)
        return [
            AckDue(comment_id, f"{owner}/{name}", *rest)
            for comment_id, owner, name, *rest in list(found.values())[:limit]
        ]

    @write_transaction
    def record_given(
        self, transaction: Transaction, comment_id: int, given: str | None, reaction_id: int | None
    ) -> None:
        """Record which reaction a comment bears now."""
        sql = """
            SELECT c.ack_wanted FROM comments c JOIN petitions p ON p.id = c.petition_id
            WHERE c.id = $1 FOR UPDATE OF p, c
        """
        set_given = "UPDATE comments SET ack_given = $2, reaction_id = $3, ack_due = $4 WHERE id = $1"
        for row in transaction.fetch(sql, comment_id):
            transaction.execute(set_given, comment_id, given, reaction_id, row["ack_wanted"] != given)


def _read_due(transaction: Transaction, condition: str, installation_id: int, limit: int) -> Sequence[Row]:
    """Return the newest comments of an installation for which a condition holds."""
    # From petition to petition by the index, however many comments wait.
    petitions = f"""
        SELECT n.id FROM (
            SELECT p.id, (
                    SELECT c.made_at {_OF_COMMENTS}
                    WHERE c.petition_id = p.id AND {condition} ORDER BY c.made_at DESC LIMIT 1
                ) AS newest
            FROM petitions p JOIN repositories r ON r.id = p.repository_id
            WHERE r.installation_id = $1
        ) n
        WHERE n.newest IS NOT NULL
        ORDER BY n.newest DESC LIMIT $2
    """
    sql = f"""
        SELECT {_COLUMNS}, c.made_at {_OF_COMMENTS}
        WHERE c.petition_id = $1 AND {condition} ORDER BY c.made_at DESC, c.id DESC LIMIT $2
    """
    # They lie within the petitions that have the newest one.
    rows: list[Row] = []
    for (petition_id,) in transaction.fetch(petitions, installation_id, limit):
        rows += transaction.fetch(sql, petition_id, limit)
    return [row[:-1] for row in sorted(rows, key=lambda row: (row["made_at"], row[0]), reverse=True)]
