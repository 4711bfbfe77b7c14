"""What the loops and pages ask: frozen answers to each question."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from bot.petition.facts import Repository
from bot.petition.tally import Signature, digest
from bot.store import statements as sql
from bot.store.database import Transaction
from bot.store.judging import ACKNOWLEDGED_WITHIN


@dataclass(frozen=True, slots=True)
class Due:
    """A petition whose public picture changed; `since` is when the first unpublished change was recorded."""

    petition_id: int
    installation_id: int
    revision: int
    published_revision: int
    since: int
    attempts: int


@dataclass(frozen=True, slots=True)
class Thread:
    """An issue of a petition; the petition issue has position 1."""

    issue_id: int
    repository: Repository
    number: int
    position: int
    title: str
    locked: bool
    comments: int
    listed_at: int


@dataclass(frozen=True, slots=True)
class Letter:
    """A version of the letter: its digest, when it was first seen, and how many had signed then."""

    digest: str
    seen_at: int
    count: int


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A petition at one moment."""

    petition_id: int
    installation_id: int
    repository: Repository
    title: str
    page_key: str
    labelled: bool
    closed_at: int | None
    count: int
    digest: str
    newest: tuple[Signature, ...]
    threads: tuple[Thread, ...]
    letters: tuple[Letter, ...]
    revision: int
    published_revision: int
    published_at: int | None
    state: str

    @property
    def private(self) -> bool:
        """Tell whether its pages are only for those who have the key."""
        return self.repository.private


@dataclass(frozen=True, slots=True)
class ThreadToRead:
    """A thread whose comments are to be read; hand `reread` back when that is done."""

    issue_id: int
    petition_id: int
    installation_id: int
    repository: Repository
    number: int
    reread: int
    listed_at: int


@dataclass(frozen=True, slots=True)
class AckDue:
    """A comment that does not bear the reaction it should."""

    comment_id: int
    repository: str
    wanted: str | None
    given: str | None
    reaction_id: int | None


def read_due(transaction: Transaction, now: float) -> list[Due]:
    """List petitions to be published, the longest waiting first."""
    return [Due(*row) for row in transaction.fetch(sql.DUE, now)]


def read_snapshot(transaction: Transaction, petition_id: int, newest: int) -> Snapshot | None:
    """Read a petition with its newest signatures; None where there is none."""
    rows = transaction.fetch(sql.PETITION, petition_id)
    if not rows:
        return None
    row = rows[0]
    threads = tuple(_thread(*each) for each in transaction.fetch(sql.THREADS, petition_id))
    pairs = ((user_id, comment_id) for user_id, comment_id in transaction.fetch(sql.SIGNATURE_PAIRS, petition_id))
    return Snapshot(
        petition_id=petition_id,
        installation_id=row.installation_id,
        repository=_repository(row.repository_id, row.owner, row.name, row.private, row.archived),
        title=threads[0].title if threads else "",
        page_key=row.page_key,
        labelled=bool(row.labelled),
        closed_at=row.closed_at,
        count=row[3],
        digest=digest(pairs),
        newest=tuple(Signature(*each) for each in transaction.fetch(sql.NEWEST_SIGNATURES, petition_id, newest)),
        threads=threads,
        letters=tuple(Letter(*each) for each in transaction.fetch(sql.LETTERS, petition_id)),
        revision=row.revision,
        published_revision=row.published_revision,
        published_at=row.published_at,
        state=row.state,
    )


def read_threads_to_read(transaction: Transaction, now: float, listed_before: int) -> list[ThreadToRead]:
    """List threads that asked to be read again, and those last listed before a time."""
    return [_thread_to_read(*row) for row in transaction.fetch(sql.THREADS_TO_READ, now, listed_before)]


def read_acks_due(transaction: Transaction, installation_id: int, limit: int, now: float) -> list[AckDue]:
    """List comments whose reaction is missing or wrong, newest first."""
    rows = transaction.fetch(sql.ACKS_DUE, installation_id, int(now) - ACKNOWLEDGED_WITHIN, limit)
    return [AckDue(comment_id, f"{owner}/{name}", *rest) for comment_id, owner, name, *rest in rows]


def _thread(
    issue_id: int, number: int, position: int, title: str, locked: bool, comments: int, listed_at: int,
    *repository: Any,
) -> Thread:  # fmt: skip
    return Thread(issue_id, _repository(*repository), number, position, title, bool(locked), comments, listed_at)


def _thread_to_read(
    issue_id: int,
    petition_id: int,
    installation_id: int,
    number: int,
    reread: int,
    listed_at: int,
    *repository: Any,
) -> ThreadToRead:
    return ThreadToRead(issue_id, petition_id, installation_id, _repository(*repository), number, reread, listed_at)


def _repository(repository_id: int, owner: str, name: str, private: bool, archived: bool) -> Repository:
    return Repository(repository_id, owner, name, bool(private), bool(archived))
