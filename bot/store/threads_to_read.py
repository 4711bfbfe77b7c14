"""The issues of petitions: which comments are to be read again, and when each was last checked.

Of each comment it is known which text was read last, and by which version of the grammar; a new version has every
thread read again.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any, Final

from msgspec import Struct

from bot.petition.comments.command_and_phrase_parser import GRAMMAR
from bot.petition.comments.comment import Comment, KnownText, Version
from bot.petition.comments.versions import last_text
from bot.petition.facts_from_github import Repository
from bot.store.comment_rows import CommentRow, read_known, read_repository
from bot.store.engine.database import Database, Records, Row, Transaction, put_mark, read_mark, read_transaction
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


_THREADS: Final = """
    SELECT t.issue_id, t.petition_id, r.installation_id, t.number, t.comments, t.reread, t.listed_at,
           t.changes_since, t.gap, t.read_attempts, t.reread > t.reread_done,
           r.id, r.owner, r.name, r.private, r.archived
    FROM threads t
    JOIN petitions p ON p.id = t.petition_id AND NOT p.gone
"""
USABLE: Final = """
    JOIN repositories r ON r.id = {of}.repository_id AND r.accessible AND NOT r.deleted AND NOT r.archived
    JOIN installations i ON i.id = r.installation_id AND NOT i.suspended AND NOT i.deleted
"""
"""Leave out what the App cannot work on, in SQL."""

USABLE_THREADS: Final = f"{_THREADS} {USABLE.format(of='t')}"
"""What `first_thread` reads, in SQL."""

# A request to be read again that came after the thread was put off is answered at once.
NOT_PUT_OFF: Final = "(t.read_retry_at <= {now} OR t.reread > t.put_off)"


class Threads(Records):
    """The issues whose comments are read."""

    async def list_to_read(self, installation_id: int, now: EpochSeconds) -> list[ThreadToRead]:
        """List an installation's threads that asked to be read again, the longest waiting first."""
        sql = f"""
            {USABLE_THREADS}
            WHERE t.reread > t.reread_done AND t.reread_asked_at > 0 AND NOT t.gone AND r.installation_id = $1
              AND {NOT_PUT_OFF.format(now="$2")}
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
            {USABLE_THREADS}
            WHERE (p.labelled OR EXISTS (SELECT 1 FROM writes w WHERE w.issue_id = t.issue_id AND NOT w.heard))
              AND (t.reread = t.reread_done OR t.reread_asked_at = 0) AND NOT t.gone AND r.installation_id = $1
              AND t.looked_at < $3
              AND {NOT_PUT_OFF.format(now="$2")}
            ORDER BY t.looked_at, t.issue_id LIMIT 1
        """
        return first_thread(await self._fetch(sql, installation_id, now, before))

    async def get(self, issue_id: int) -> ThreadToRead | None:
        """Return the thread that an issue is, whether it is to be read or not; None where it is none."""
        sql = f"""
            {_THREADS}
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


def first_thread(rows: Sequence[Row]) -> ThreadToRead | None:
    """Return the first of the rows that `USABLE_THREADS` selects."""
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


def record_change(transaction: Transaction, petition_ids: Sequence[int], now: WholeEpochSeconds) -> None:
    """Record that the public picture of petitions has changed, also of those that are due already."""
    sql = """
        UPDATE petitions
        SET changed_at = CASE WHEN revision = published_revision THEN $2 ELSE changed_at END,
            revision = revision + 1
        WHERE id = ANY($1::BIGINT[])
    """
    transaction.execute(sql, petition_ids, now)


def publish_now(transaction: Transaction, petition_ids: Sequence[int], now: WholeEpochSeconds) -> None:
    """Request that petitions are published again, also those that were postponed."""
    record_change(transaction, petition_ids, now)
    transaction.execute(
        "UPDATE petitions SET attempts = 0, retry_at = 0 WHERE id = ANY($1::BIGINT[])", petition_ids
    )


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
