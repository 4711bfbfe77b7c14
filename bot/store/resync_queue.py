"""The issues of petitions: which comments are to be read again, and when each was last checked."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

from msgspec import Struct

from bot.petition.reported_facts import Repository
from bot.store.engine.database import Records, Row, Transaction
from bot.store.row_codec import read_repository
from bot.time_types import EpochSeconds, WholeEpochSeconds


class ThreadToRead(Struct, frozen=True):
    """A thread whose comments are to be read; hand `reread` back when that is done.

    `comments` is how many GitHub says there are, `gap` how many more than are listed, by the last complete listing
    at `listed_at`. What changed since `changes_since` may be unknown. `attempts` to read it have failed.
    """

    issue_id: int
    petition_id: int
    installation_id: int
    repository: Repository
    number: int
    comments: int
    reread: int
    listed_at: WholeEpochSeconds
    changes_since: WholeEpochSeconds
    gap: int
    attempts: int
    asked: bool = False
    """It was asked for, and is not done yet."""


THREAD_TO_READ: Final = """
    SELECT t.issue_id, t.petition_id, r.installation_id, t.number, t.comments, t.reread, t.listed_at,
           t.changes_since, t.gap, t.read_attempts, t.reread > t.reread_done,
           r.id, r.owner, r.name, r.private, r.archived
    FROM threads t
    JOIN petitions p ON p.id = t.petition_id AND NOT p.gone
"""
"""What `first_thread` reads, in SQL."""

USABLE: Final = """
    JOIN repositories r ON r.id = {of}.repository_id AND r.accessible AND NOT r.deleted AND NOT r.archived
    JOIN installations i ON i.id = r.installation_id AND NOT i.suspended AND NOT i.deleted
"""
"""Leave out what the App cannot work on, in SQL."""

# A request to be read again that came after the thread was put off is answered at once.
_NOT_PUT_OFF = "(t.read_retry_at <= $2 OR t.reread > t.put_off)"


class Threads(Records):
    """The issues whose comments are read."""

    async def list_to_read(self, installation_id: int, now: EpochSeconds) -> list[ThreadToRead]:
        """List an installation's threads that asked to be read again, the longest waiting first."""
        sql = f"""
            {THREAD_TO_READ}
            {USABLE.format(of="t")}
            WHERE t.reread > t.reread_done AND t.reread_asked_at > 0 AND NOT t.gone AND r.installation_id = $1
              AND {_NOT_PUT_OFF}
            ORDER BY t.reread_asked_at, t.issue_id LIMIT 100
        """
        return [_thread(*row) for row in await self._fetch(sql, installation_id, now)]

    async def get_to_check(
        self, installation_id: int, now: EpochSeconds, before: EpochSeconds
    ) -> ThreadToRead | None:
        """Return the thread that was checked the longest time ago; None where all were checked since `before`.

        Without the label nothing is counted, but our last write there may have replaced somebody's edit.
        """
        sql = f"""
            {THREAD_TO_READ}
            {USABLE.format(of="t")}
            WHERE (p.labelled OR EXISTS (SELECT 1 FROM writes w WHERE w.issue_id = t.issue_id AND NOT w.heard))
              AND (t.reread = t.reread_done OR t.reread_asked_at = 0) AND NOT t.gone AND r.installation_id = $1
              AND t.looked_at < $3
              AND {_NOT_PUT_OFF}
            ORDER BY t.looked_at, t.issue_id LIMIT 1
        """
        return first_thread(await self._fetch(sql, installation_id, now, before))

    async def get(self, issue_id: int) -> ThreadToRead | None:
        """Return the thread that an issue is, whether it is to be read or not; None where it is none."""
        sql = f"""
            {THREAD_TO_READ}
            JOIN repositories r ON r.id = t.repository_id
            WHERE t.issue_id = $1 AND NOT t.gone
        """
        return first_thread(await self._fetch(sql, issue_id))

    async def list_former_places(self, issue_id: int) -> list[tuple[Repository, int]]:
        """List the repositories and numbers that a transferred issue had before, the latest first."""
        sql = """
            SELECT t.number, r.id, r.owner, r.name, r.private, r.archived
            FROM threads t JOIN repositories r ON r.id = t.repository_id
            WHERE t.moved_to = $1 AND NOT r.deleted
            ORDER BY t.as_of DESC, t.issue_id
        """
        rows = await self._fetch(sql, issue_id)
        return [(read_repository(*repository), number) for number, *repository in rows]

    async def mark_checked(self, issue_id: int, at: EpochSeconds, changes_since: WholeEpochSeconds = 0) -> None:
        """Record that a thread was checked, and from when on to ask for changes next time, where that is known."""
        sql = """
            UPDATE threads
            SET looked_at = $2, changes_since = greatest(changes_since, $3)
            WHERE issue_id = $1
        """
        await self._execute(sql, issue_id, at, changes_since)

    async def mark_read(self, thread: ThreadToRead) -> None:
        """Record that a thread was read, in answer to the request that came with it."""
        sql = """
            UPDATE threads
            SET reread_done = greatest(reread_done, $2), read_attempts = 0,
                read_retry_at = 0
            WHERE issue_id = $1
        """
        await self._execute(sql, thread.issue_id, thread.reread)

    async def postpone(self, thread: ThreadToRead, until: EpochSeconds) -> None:
        """Set when to read a thread again; a new request to read it takes precedence."""
        sql = """
            UPDATE threads
            SET put_off = CASE WHEN reread = $2 AND reread = reread_done THEN reread + 1 ELSE $2 END,
                reread = CASE WHEN reread = $2 AND reread = reread_done THEN reread + 1 ELSE reread END,
                reread_asked_at = CASE WHEN reread_asked_at = 0 THEN 1 ELSE reread_asked_at END,
                read_retry_at = $3, read_attempts = $4
            WHERE issue_id = $1
        """
        await self._execute(sql, thread.issue_id, thread.reread, until, thread.attempts + 1)

    async def record_known(
        self, issue_id: int, known_to: WholeEpochSeconds, changes_since: WholeEpochSeconds = 0
    ) -> None:
        """Record up to when all comments of a thread are known, and from when on to ask for changes."""
        sql = """
            UPDATE threads
            SET known_to = greatest(known_to, $2),
                changes_since = greatest(changes_since, $3)
            WHERE issue_id = $1
        """
        await self._execute(sql, issue_id, known_to, changes_since)

    async def record_gap(self, issue_id: int, gap: int) -> None:
        """Record by how many the number of comments that GitHub gives is off."""
        await self._execute("UPDATE threads SET gap = $2 WHERE issue_id = $1", issue_id, gap)


def first_thread(rows: Sequence[Row]) -> ThreadToRead | None:
    """Return the first of the rows that `THREAD_TO_READ` selects."""
    return _thread(*rows[0]) if rows else None


def _thread(issue_id: int, petition_id: int, installation_id: int, *rest: Any) -> ThreadToRead:
    number, comments, reread, listed_at, changes_since, gap, attempts, asked, *repository = rest
    return ThreadToRead(
        issue_id, petition_id, installation_id, read_repository(*repository), number, comments, reread, listed_at,
        changes_since, gap, attempts, bool(asked),
    )  # fmt: skip


def read_issues_of(transaction: Transaction, petition_id: int) -> list[int]:
    """Return the issues of a petition in their order, also those that are gone."""
    sql = "SELECT issue_id FROM threads WHERE petition_id = $1 ORDER BY position"
    return [row[0] for row in transaction.fetch(sql, petition_id)]


def request_publishing(transaction: Transaction, petition_ids: Sequence[int], now: WholeEpochSeconds) -> None:
    """Request that petitions are published, which reads their issues; one that was postponed stays so."""
    sql = """
        UPDATE petitions SET revision = revision + 1, changed_at = $2
        WHERE id = ANY($1::BIGINT[]) AND revision = published_revision
    """
    transaction.execute(sql, petition_ids, now)


def publish_now(transaction: Transaction, petition_ids: Sequence[int], now: WholeEpochSeconds) -> None:
    """Request that petitions are published again, also those that were postponed."""
    sql = """
        UPDATE petitions
        SET changed_at = CASE WHEN revision = published_revision THEN $2 ELSE changed_at END,
            revision = revision + 1, attempts = 0, retry_at = 0
        WHERE id = ANY($1::BIGINT[])
    """
    transaction.execute(sql, petition_ids, now)


def request_rereading(transaction: Transaction, petition_ids: Sequence[int], now: WholeEpochSeconds) -> None:
    """Request that all comments of petitions are read again."""
    sql = """
        UPDATE threads SET reread = reread + 1, reread_asked_at = $2
        WHERE petition_id = ANY($1::BIGINT[]) AND NOT gone
    """
    transaction.execute(sql, petition_ids, now)


def resync_petitions(transaction: Transaction, petition_ids: Iterable[int], now: WholeEpochSeconds) -> None:
    """Publish petitions again and read their comments again; whatever stopped them may have gone."""
    ids = list(petition_ids)
    publish_now(transaction, ids, now)
    request_rereading(transaction, ids, now)
