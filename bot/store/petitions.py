"""What the loops and pages ask: frozen answers to each question."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from bot.petition.counting.digest import Sum
from bot.petition.counting.tally import Signature
from bot.petition.facts import Repository
from bot.petition.letter.versions import Letter
from bot.petition.organizers.rules import Rules
from bot.store import statements as sql
from bot.store.engine.database import Row, Transaction
from bot.store.letters import read_changed, read_letters
from bot.store.recording.rows import read_rules
from bot.store.recording.signatures import ACKNOWLEDGED_WITHIN
from bot.store.states import State


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
    """The versions of the letter, the oldest first, without their texts."""
    letter_changed: tuple[int, int] | None
    """When the letter last changed and how many had signed by then, unless all have signed what it says now."""
    revision: int
    published_revision: int
    published_at: int | None
    state: State
    rules: Rules
    ended_at: int | None
    """The end that the block has told of: when signing ended, with `final_count` signatures."""
    final_count: int | None
    anonymised_at: int | None
    """When names, affiliations, reasons and logins were erased, because the petition had ended long ago."""
    doubtful: int
    """Comments of which only GitHub can say who wrote what they say; until it does, they do not sign."""

    @property
    def shut_at(self) -> int | None:
        """Return when it was closed, the issue or by an order; None while neither is."""
        closings = (self.closed_at, self.rules.closed_at)
        return min((at for at in closings if at is not None), default=None)

    @property
    def private(self) -> bool:
        """Return whether its pages are only for those who have the key."""
        return self.repository.private


@dataclass(frozen=True, slots=True)
class ThreadToRead:
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
    listed_at: int
    changes_since: int
    gap: int
    attempts: int
    asked: bool = False
    """It was asked for, and is not done yet."""


@dataclass(frozen=True, slots=True)
class AckDue:
    """A comment that does not bear the reaction it should."""

    comment_id: int
    repository: str
    wanted: str | None
    given: str | None
    reaction_id: int | None


def read_installations_with_work(transaction: Transaction, now: float) -> list[int]:
    """List installations that have something to be done."""
    return [row[0] for row in transaction.fetch(sql.INSTALLATIONS_WITH_WORK, now)]


def read_due(transaction: Transaction, installation_id: int, now: float) -> list[Due]:
    """List petitions to be published, the longest waiting first."""
    return [Due(*row) for row in transaction.fetch(sql.DUE, installation_id, now)]


def read_snapshot(transaction: Transaction, petition_id: int, newest: int) -> Snapshot | None:
    """Read a petition with its newest signatures; None where there is none. Takes no longer for a longer tally."""
    rows = transaction.fetch(sql.PETITION, petition_id)
    if not rows:
        return None
    row = rows[0]
    threads = tuple(_thread(*each) for each in transaction.fetch(sql.THREADS, petition_id))
    letters = read_letters(transaction, petition_id)
    return Snapshot(
        petition_id=petition_id,
        installation_id=row.installation_id,
        repository=_repository(row.repository_id, row.owner, row.name, row.private, row.archived),
        title=threads[0].title if threads else "",
        page_key=row.page_key,
        labelled=bool(row.labelled),
        closed_at=row.closed_at,
        # `row.count` is what every tuple has.
        count=row[3],
        digest=Sum.from_bytes(row.digest_sum).digest,
        newest=tuple(Signature(*each) for each in transaction.fetch(sql.NEWEST_SIGNATURES, petition_id, newest)),
        threads=threads,
        letters=letters,
        letter_changed=read_changed(transaction, petition_id, letters),
        revision=row.revision,
        published_revision=row.published_revision,
        published_at=row.published_at,
        state=State(row.state),
        rules=read_rules(row.rules),
        ended_at=row.ended_at,
        final_count=row.final_count,
        anonymised_at=row.anonymised_at,
        doubtful=row.doubtful,
    )


def read_threads_to_read(transaction: Transaction, installation_id: int, now: float) -> list[ThreadToRead]:
    """List threads that asked to be read again, the longest waiting first."""
    return [thread_to_read(*row) for row in transaction.fetch(sql.THREADS_TO_READ, installation_id, now)]


def read_thread_to_look_at(
    transaction: Transaction, installation_id: int, now: float, before: float
) -> ThreadToRead | None:
    """Return the thread that nobody has looked at for the longest time, before a moment.

    Without the label nothing is counted, but our last write there may have replaced somebody's edit.
    """
    rows = transaction.fetch(sql.THREAD_TO_LOOK_AT, installation_id, now, before)
    return thread_to_read(*rows[0]) if rows else None


def read_letter_to_trace(transaction: Transaction, installation_id: int, now: int) -> ThreadToRead | None:
    """Return the first thread of a petition whose letter's history is not known; None for no more."""
    rows = transaction.fetch(sql.LETTER_TO_TRACE, installation_id, now)
    return thread_to_read(*rows[0]) if rows else None


def read_thread(transaction: Transaction, issue_id: int) -> ThreadToRead | None:
    """Return the thread that an issue is; None where it is none."""
    rows = transaction.fetch(sql.THREAD_OF_ISSUE, issue_id)
    return thread_to_read(*rows[0]) if rows else None


def read_acks_due(transaction: Transaction, installation_id: int, limit: int, now: int) -> list[AckDue]:
    """Drop the acknowledgements that come too late, list the others, newest first."""
    # The newest acknowledgements of all lie within the petitions that have the newest one.
    rows: list[Row] = []
    for petition in transaction.fetch(sql.PETITIONS_TO_ACKNOWLEDGE, installation_id, limit):
        transaction.execute(sql.DROP_LATE_ACKS, petition.id, now - ACKNOWLEDGED_WITHIN)
        rows += transaction.fetch(sql.ACKS_DUE, petition.id, limit)
    rows.sort(key=lambda row: (row.made_at, row.id), reverse=True)
    return [AckDue(comment_id, f"{owner}/{name}", *rest) for _, comment_id, owner, name, *rest in rows[:limit]]


def _thread(
    issue_id: int, number: int, position: int, title: str, locked: bool, comments: int, listed_at: int,
    *repository: Any,
) -> Thread:  # fmt: skip
    return Thread(issue_id, _repository(*repository), number, position, title, bool(locked), comments, listed_at)


def thread_to_read(issue_id: int, petition_id: int, installation_id: int, *rest: Any) -> ThreadToRead:
    """Read a row of what `statements` asks of a thread to be read."""
    number, comments, reread, listed_at, changes_since, gap, attempts, asked, *where = rest
    return ThreadToRead(
        issue_id, petition_id, installation_id, _repository(*where), number, comments, reread, listed_at,
        changes_since, gap, attempts, bool(asked),
    )  # fmt: skip


def _repository(repository_id: int, owner: str, name: str, private: bool, archived: bool) -> Repository:
    return Repository(repository_id, owner, name, bool(private), bool(archived))
