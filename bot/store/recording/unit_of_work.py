"""The part of the database that one group of facts touches, in memory."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import Any

from bot.petition.comments.comment import Comment
from bot.petition.facts import Repository
from bot.petition.organizers.redaction import EVER, without_details
from bot.petition.organizers.rules import Rules
from bot.store import statements as sql
from bot.store.engine.database import Transaction
from bot.store.recording.rows import CommentRow, read_comment, read_rules, write_comment


@dataclass(slots=True)
class ThreadRow:
    """An issue of a petition, as its newest fact showed it."""

    issue_id: int
    petition_id: int
    repository_id: int
    position: int
    title: str
    labelled: bool
    closed_at: int | None
    locked: bool
    comments: int
    as_of: int
    gone: bool
    moved_to: int | None
    reread: int
    reread_as_of: int
    reread_asked_at: int
    listed_at: int
    changed: bool = False
    reread_asked: bool = False

    def ask_to_reread(self) -> None:
        """Ask for all its comments to be read again."""
        self.changed = self.reread_asked = True


@dataclass(slots=True)
class PetitionRow:
    """A petition, with what this group does to it."""

    id: int
    labelled: bool
    closed_at: int | None
    count: int
    digest_sum: bytes
    revision: int
    changed_at: int
    published_revision: int
    rules: Rules
    anonymised: bool = False
    """Whether nothing is to be kept of who signed but the count."""
    born: dict[int, int] = field(default_factory=dict)
    """When the accounts of those were opened who are judged, by user id, where the rules ask for it."""
    bumped: bool = False
    """Whether its public picture changed."""
    reread: bool = False
    """Whether all its threads are to be read again."""
    regained: bool = False
    """Whether it got its label back, so that what was signed meanwhile counts."""
    reconsider: int | None = None
    """The earlier of the times of closing, where that changed: later commands are judged again."""


@dataclass(frozen=True, slots=True)
class RepositoryRow:
    """A repository as it is known."""

    installation_id: int
    repository: Repository
    as_of: int


Person = tuple[int, int]
"""A petition id and a user id."""


@dataclass(slots=True)
class UnitOfWork:
    """Rows read and locked by one transaction, changed in memory and written back where they differ."""

    threads: dict[int, ThreadRow] = field(default_factory=dict)
    petitions: dict[int, PetitionRow] = field(default_factory=dict)
    repositories: dict[int, RepositoryRow] = field(default_factory=dict)
    comments: dict[int, CommentRow] = field(default_factory=dict)
    signed: dict[Person, CommentRow] = field(default_factory=dict)
    """The comments, as they were, that the known signatures rest on."""
    changed: dict[int, CommentRow] = field(default_factory=dict)
    people: set[Person] = field(default_factory=set)
    """Whose comments changed."""
    forgotten: dict[int, int] = field(default_factory=dict)
    """Who asked to be forgotten, by user id, and when."""

    def lock(self, transaction: Transaction, issue_ids: Iterable[int]) -> None:
        """Lock the petitions of these issues, in the order of their ids, and read them."""
        for row in transaction.tuples(sql.LOCK_THREADS, sorted(set(issue_ids))):
            self._add_thread(tuple(row))

    def look(self, transaction: Transaction, issue_ids: Iterable[int]) -> None:
        """Read the petitions of these issues without locking them; nothing may be written back."""
        for row in transaction.tuples(sql.LOOK_AT_THREADS, sorted(set(issue_ids))):
            self._add_thread(tuple(row))

    def _add_thread(self, row: tuple[Any, ...]) -> None:
        thread = ThreadRow(*row[:16])
        self.threads[thread.issue_id] = thread
        if thread.petition_id not in self.petitions:
            columns = (thread.petition_id, *row[16:23], read_rules(row[23]), bool(row[30]))
            self.petitions[thread.petition_id] = PetitionRow(*columns)
        if thread.repository_id not in self.repositories:
            installation_id, owner, name, private, archived, as_of = row[24:30]
            repository = Repository(thread.repository_id, owner, name, bool(private), bool(archived))
            self.repositories[thread.repository_id] = RepositoryRow(installation_id, repository, as_of)

    def read_comments(self, transaction: Transaction, comments: Collection[Comment]) -> None:
        """Read what is known of these comments, and all commands of their authors."""
        if not comments:
            return
        ids = [comment.id for comment in comments]
        authors = {comment.author.id for comment in comments if comment.author}
        petition_ids = list(self.petitions)
        for row in transaction.tuples(sql.COMMENTS_AND_THEIR_AUTHORS, ids, list(authors), petition_ids):
            self.add_comment(read_comment(row))
        self._read_forgotten(transaction, authors)
        former = {row.comment.author.id for row in self.comments.values() if row.comment.author} - authors
        self.read_authors(transaction, former)

    def read_authors(self, transaction: Transaction, author_ids: Collection[int]) -> None:
        """Read all commands of these people on the petitions locked."""
        if not author_ids:
            return
        for row in transaction.tuples(sql.COMMENTS_OF_AUTHORS, list(author_ids), list(self.petitions)):
            self.add_comment(read_comment(row))

    def read_thread(self, transaction: Transaction, issue_id: int) -> list[CommentRow]:
        """Read all comments of a thread, and all commands of their authors."""
        rows = [read_comment(row) for row in transaction.tuples(sql.COMMENTS_OF_THREAD, issue_id)]
        for row in rows:
            self.add_comment(row)
        authors = {row.comment.author.id for row in rows if row.comment.author}
        self.read_authors(transaction, authors)
        self._read_forgotten(transaction, authors)
        return rows

    def spare(self, comment: Comment, petition_id: int) -> Comment:
        """Leave out of a comment on a petition what is to be forgotten of its author."""
        until = None if comment.author is None else self.forgotten.get(comment.author.id)
        if (petition := self.petitions.get(petition_id)) is not None and petition.anonymised:
            until = EVER
        return comment if until is None else without_details(comment, until)

    def _read_forgotten(self, transaction: Transaction, author_ids: Collection[int]) -> None:
        if author_ids:
            rows = transaction.fetch(sql.FORGOTTEN, list(author_ids))
            self.forgotten.update((row.user_id, row.at) for row in rows)

    def add_comment(self, row: CommentRow) -> None:
        """Take a comment as it was before this transaction."""
        if row.comment.id in self.comments:
            return
        self.comments[row.comment.id] = row
        if row.counted and row.comment.author:
            self.signed[row.petition_id, row.comment.author.id] = row

    def change(self, row: CommentRow) -> None:
        """Put a new row in the place of what was known of a comment; also its former author is judged again."""
        if row.comment.id in self.comments:
            self.involve(self.comments[row.comment.id])
        self.comments[row.comment.id] = self.changed[row.comment.id] = row
        self.involve(row)

    def involve(self, row: CommentRow) -> None:
        """Have the author of a comment judged again."""
        if row.comment.author is not None:
            self.people.add((row.petition_id, row.comment.author.id))

    def write(self, transaction: Transaction, now: int) -> bool:
        """Write back what changed, apart from signatures; tell whether anything did."""
        transaction.put(sql.PUT_COMMENTS, [write_comment(row) for row in self.changed.values()])
        threads = [_write_thread(thread, now) for thread in self.threads.values() if thread.changed]
        transaction.each(sql.SET_THREAD, threads)
        bumped = [petition for petition in self.petitions.values() if petition.bumped]
        for petition in bumped:
            if petition.revision == petition.published_revision:
                petition.changed_at = now
            petition.revision += 1
        transaction.each(sql.SET_PETITION, [_write_petition(petition) for petition in bumped])
        reread = [(petition.id, now) for petition in self.petitions.values() if petition.reread]
        transaction.each(sql.REREAD_PETITION, reread)
        return bool(self.changed or threads or bumped or reread)


def _write_thread(thread: ThreadRow, now: int) -> tuple[object, ...]:
    return (
        thread.issue_id,
        thread.title,
        thread.labelled,
        thread.closed_at,
        thread.locked,
        thread.comments,
        thread.as_of,
        thread.reread + thread.reread_asked,
        thread.reread_as_of,
        now if thread.reread_asked else thread.reread_asked_at,
    )


def _write_petition(petition: PetitionRow) -> tuple[object, ...]:
    return (
        petition.id,
        petition.labelled,
        petition.closed_at,
        petition.count,
        petition.digest_sum,
        petition.revision,
        petition.changed_at,
    )
