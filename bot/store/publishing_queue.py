"""Which petitions are to be published, and when."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from msgspec import Struct

from bot.store.engine.database import Records, Transaction, read_transaction
from bot.store.errors import NoSuchPetition
from bot.store.petition_snapshots import Snapshot, read_snapshot
from bot.store.petition_states import State
from bot.store.resync_queue import USABLE, request_publishing
from bot.time_types import EpochSeconds, WholeEpochSeconds


class Due(Struct, frozen=True):
    """A petition whose public picture changed; `since` is when the first unpublished change was recorded."""

    petition_id: int
    installation_id: int
    revision: int
    published_revision: int
    since: WholeEpochSeconds
    attempts: int


class Backlog(Struct, frozen=True):
    """Petitions whose body does not show what is stored yet; `since` is when the oldest became so."""

    petitions: int
    since: WholeEpochSeconds | None


class KnownPetition(Struct, frozen=True):
    """A petition as our rows have it; `left_digest` is of its body as we last left it."""

    id: int
    issue_id: int
    labelled: bool
    state: State
    left_digest: str


class Petitions(Records):
    """Petitions, and the queue of those to be published."""

    _INSTALLATIONS_WITH_WORK: Final = f"""
        WITH RECURSIVE unacknowledged (petition_id) AS (
            -- From petition to petition by the index, however many comments wait.
            SELECT min(petition_id) FROM comments WHERE ack_due
            UNION ALL
            SELECT (SELECT min(c.petition_id) FROM comments c WHERE c.ack_due AND c.petition_id > u.petition_id)
            FROM unacknowledged u WHERE u.petition_id IS NOT NULL
        ),
        busy (repository_id) AS (
            SELECT repository_id FROM petitions
            WHERE revision > published_revision AND NOT gone AND retry_at <= $1
            UNION
            SELECT repository_id FROM petitions
            WHERE ends_at IS NOT NULL AND ended_at IS NULL AND NOT gone AND ends_at + 1 <= $1 AND retry_at <= $1
            UNION
            SELECT t.repository_id FROM threads t JOIN petitions p ON p.id = t.petition_id AND NOT p.gone
            WHERE t.reread > t.reread_done AND t.reread_asked_at > 0 AND NOT t.gone
              AND (t.read_retry_at <= $1 OR t.reread > t.put_off)
            UNION
            SELECT p.repository_id FROM unacknowledged u JOIN petitions p ON p.id = u.petition_id
            UNION
            SELECT t.repository_id FROM doubts d JOIN comments c ON c.id = d.comment_id
            JOIN threads t ON t.issue_id = c.issue_id AND NOT t.gone
            JOIN petitions p ON p.id = t.petition_id AND NOT p.gone
            WHERE d.wanted > d.done AND d.ask_after <= $1
            UNION
            SELECT p.repository_id FROM account_reviews v JOIN petitions p ON p.id = v.petition_id AND NOT p.gone
            WHERE v.due_after <= $1
        )
        SELECT DISTINCT r.installation_id FROM busy b
        {USABLE.format(of="b")}
        ORDER BY r.installation_id
    """

    async def list_installations_with_work(self, now: EpochSeconds) -> list[int]:
        """List installations with petitions to publish, threads to read, comments to acknowledge or accounts."""
        return [row[0] for row in await self._fetch(self._INSTALLATIONS_WITH_WORK, now)]

    _DUE: Final = f"""
        SELECT p.id, r.installation_id, p.revision, p.published_revision, p.changed_at, p.attempts
        FROM petitions p
        {USABLE.format(of="p")}
        WHERE p.id IN (
                SELECT id FROM petitions WHERE revision > published_revision AND NOT gone AND retry_at <= $2
                UNION
                SELECT id FROM petitions
                WHERE ends_at IS NOT NULL AND ended_at IS NULL AND NOT gone AND ends_at + 1 <= $2 AND retry_at <= $2
            )
            AND r.installation_id = $1
        ORDER BY p.changed_at, p.id LIMIT 200
    """

    async def list_due(self, installation_id: int, now: EpochSeconds) -> list[Due]:
        """List an installation's petitions to be published, the longest waiting first."""
        return [Due(*row) for row in await self._fetch(self._DUE, installation_id, now)]

    async def get_backlog(self) -> Backlog:
        """Return how much is to be published, those that were postponed included; raises DatabaseUnavailable."""
        sql = f"""
            SELECT count(*) AS petitions, min(p.changed_at) AS since
            FROM petitions p
            {USABLE.format(of="p")}
            WHERE p.revision > p.published_revision AND NOT p.gone
        """
        return Backlog(*(await self._fetch(sql))[0])

    @read_transaction
    def get_snapshot(self, transaction: Transaction, petition_id: int, newest: int) -> Snapshot:
        """Read a petition at one moment, with its newest signatures; raises NoSuchPetition where there is none."""
        snapshot = read_snapshot(transaction, petition_id, newest)
        if snapshot is None:
            raise NoSuchPetition(petition_id)
        return snapshot

    async def mark_published(
        self, petition_id: int, revision: int, at: WholeEpochSeconds,
        state: State = State.FINE,
    ) -> None:  # fmt: skip
        """Record that the issue body shows a revision, or a later one; `state` is what is wrong nevertheless."""
        sql = """
            UPDATE petitions
            SET published_revision = greatest(published_revision, $2),
                published_at = $3, changed_at = CASE WHEN revision > $2 THEN $3 ELSE changed_at END,
                attempts = 0, retry_at = 0, state = $4, detail = ''
            WHERE id = $1
        """
        await self._execute(sql, petition_id, revision, at, state.value)

    async def postpone(
        self, petition_id: int, until: EpochSeconds, state: State, attempts: int,
        detail: str = "",
    ) -> None:  # fmt: skip
        """Postpone publishing until a time; `state` is the reason, `detail` GitHub's message."""
        sql = "UPDATE petitions SET retry_at = $2, state = $3, detail = $4, attempts = $5 WHERE id = $1"
        await self._execute(sql, petition_id, until, state.value, detail, attempts)

    async def request_publishing(self, petition_ids: Sequence[int]) -> None:
        """Request that petitions are published, which reads their issues; one that was postponed stays so."""
        if petition_ids:
            now = int(self._now())
            await self._database.write(lambda transaction: request_publishing(transaction, petition_ids, now))

    async def retry_now(self, petition_ids: Sequence[int]) -> None:
        """Retry postponed petitions at once."""
        if petition_ids:
            sql = "UPDATE petitions SET attempts = 0, retry_at = 0 WHERE id = ANY($1::BIGINT[])"
            await self._database.write(lambda transaction: transaction.execute(sql, petition_ids))

    async def list_in_repository(self, repository_id: int) -> list[KnownPetition]:
        """List the petitions of a repository that are not gone."""
        sql = """
            SELECT p.id, t.issue_id, p.labelled, p.state, b.left_digest
            FROM threads t
            JOIN petitions p ON p.id = t.petition_id AND NOT p.gone
            LEFT JOIN bodies b ON b.issue_id = t.issue_id
            WHERE t.repository_id = $1 AND t.position = 1 AND NOT t.gone
        """
        return [
            KnownPetition(petition_id, issue_id, bool(labelled), State(state), left_digest or "")
            for petition_id, issue_id, labelled, state, left_digest in await self._fetch(sql, repository_id)
        ]

    async def has_any_elsewhere(self, repository_id: int) -> bool:
        """Return whether a petition is known that is not in a repository, or not any more."""
        sql = f"""
            SELECT 1 FROM petitions p
            WHERE p.gone OR p.state = '{State.NOT_FOUND}'
               OR NOT EXISTS (
                    SELECT 1 FROM threads t
                    WHERE t.petition_id = p.id AND t.repository_id = $1 AND t.position = 1 AND NOT t.gone
                )
            LIMIT 1
        """
        return bool(await self._fetch(sql, repository_id))

    async def mark_continuing(self, petition_id: int, at: WholeEpochSeconds) -> None:
        """Record that an issue is about to be opened that continues a petition."""
        await self._execute(_SET_CONTINUING, petition_id, at)


_SET_CONTINUING: Final = "UPDATE petitions SET continuing_at = $2 WHERE id = $1"


def set_continuing(transaction: Transaction, petition_id: int, at: WholeEpochSeconds) -> None:
    """Set when an issue was asked for that continues a petition; 0 when it is there."""
    transaction.execute(_SET_CONTINUING, petition_id, at)


def read_continuing_at(transaction: Transaction, petition_id: int) -> WholeEpochSeconds:
    """Return when an issue was last asked for that continues a petition and is not known yet; 0 for never."""
    rows = transaction.fetch("SELECT continuing_at FROM petitions WHERE id = $1", petition_id)
    at: WholeEpochSeconds = rows[0][0] if rows else 0
    return at
