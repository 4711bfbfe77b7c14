"""The rows that one transaction reads and changes, in memory."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from operator import attrgetter
from typing import Any, Final

from msgspec import Struct, field

from bot.petition.comments.comment import END_OF_TIME, Comment, without_details
from bot.petition.facts_from_github import Repository
from bot.petition.rules_in_force import Rules, read_rules
from bot.store.comment_rows import (
    COMMENT_COLUMNS,
    COMMENT_TYPES,
    CommentRow,
    read_comment,
    read_repository,
    write_comment,
)
from bot.store.engine.database import Transaction, upsert
from bot.store.threads_to_read import request_rereading
from bot.time_types import WholeEpochSeconds


class ThreadRow(Struct):
    """An issue of a petition, as its newest fact showed it."""

    issue_id: int
    petition_id: int
    repository_id: int
    position: int
    title: str
    labelled: bool
    closed_at: WholeEpochSeconds | None
    locked: bool
    comments: int
    as_of: WholeEpochSeconds
    gone: bool
    moved_to: int | None
    reread: int
    reread_as_of: WholeEpochSeconds
    reread_asked_at: WholeEpochSeconds
    listed_at: WholeEpochSeconds
    changed: bool = False
    reread_asked: bool = False

    def request_reread(self) -> None:
        """Request that all its comments are read again."""
        self.changed = self.reread_asked = True


class PetitionRow(Struct):
    """A petition, with what this group does to it."""

    id: int
    labelled: bool
    closed_at: WholeEpochSeconds | None
    count: int
    digest_sum: bytes
    revision: int
    changed_at: WholeEpochSeconds
    published_revision: int
    rules: Rules
    anonymised: bool = False
    """Whether nothing is to be kept of who signed but the count."""
    born: dict[int, int] = field(default_factory=dict)
    """When the accounts of the authors were opened, by user id, where the rules ask for it."""
    bumped: bool = False
    """Whether its public picture changed."""
    reread: bool = False
    """Whether all its threads are to be read again."""
    regained: bool = False
    """Whether it got its label back, so that what was signed meanwhile counts."""
    reconsider: int | None = None
    """The earlier of the times of closing, where that changed: later commands are evaluated again."""


class RepositoryRow(Struct, frozen=True):
    """A repository as it is known."""

    installation_id: int
    repository: Repository
    as_of: WholeEpochSeconds


Person = tuple[int, int]
"""A petition id and a user id."""


_THREADS = """
    SELECT t.issue_id, t.petition_id, t.repository_id, t.position, t.title, t.labelled, t.closed_at, t.locked,
           t.comments, t.as_of, t.gone, t.moved_to, t.reread, t.reread_as_of,
           t.reread_asked_at, t.listed_at,
           p.labelled, p.closed_at, p.count, p.digest_sum, p.revision, p.changed_at, p.published_revision, p.rules,
           r.installation_id, r.owner, r.name, r.private, r.archived, r.as_of, p.anonymised_at IS NOT NULL
    FROM threads t
    JOIN petitions p ON p.id = t.petition_id
    JOIN repositories r ON r.id = t.repository_id
    WHERE t.issue_id = ANY($1::BIGINT[])
    ORDER BY p.id, t.issue_id
"""

# The plus keeps petition_id out of the index search, where it would multiply with the authors.
_COMMANDS_OF = f"""
    SELECT {COMMENT_COLUMNS} FROM comments
    WHERE author_id = ANY($1::BIGINT[]) AND command IS NOT NULL AND +petition_id = ANY($2::BIGINT[])
"""

_THREAD_COLUMNS: Final = attrgetter(
    "issue_id", "title", "labelled", "closed_at", "locked", "comments", "as_of", "reread", "reread_as_of",
    "reread_asked_at",
)  # fmt: skip

_PETITION_COLUMNS: Final = attrgetter(
    "id", "labelled", "closed_at", "count", "digest_sum", "revision", "changed_at"
)


class CommentsElsewhere(Exception):
    """Some comments are known on issues of other petitions, which have to be locked as well."""

    def __init__(self, issue_ids: frozenset[int]) -> None:
        super().__init__(issue_ids)
        self.issue_ids = issue_ids


class UnitOfWork:
    """Rows read and locked by one transaction, changed in memory and written back where they differ."""

    def __init__(self, transaction: Transaction, issue_ids: Iterable[int], lock: bool = True) -> None:
        """Read the petitions of these issues, and lock them in the order of their ids.

        Without a lock, nothing may be written back.
        """
        self.transaction = transaction
        self.threads: dict[int, ThreadRow] = {}
        self.petitions: dict[int, PetitionRow] = {}
        self.repositories: dict[int, RepositoryRow] = {}
        self.comments: dict[int, CommentRow] = {}
        self.signed: dict[Person, CommentRow] = {}
        """The comments, as they were, that the known signatures rest on."""
        self.changed: dict[int, CommentRow] = {}
        self.people: set[Person] = set()
        """Whose comments changed."""
        self.forgotten: dict[int, int] = {}
        """Who asked to be forgotten, by user id, and when."""
        sql = f"{_THREADS} FOR UPDATE OF p, t" if lock else _THREADS
        for row in transaction.fetch(sql, sorted(set(issue_ids))):
            self._add_thread(tuple(row))

    def _add_thread(self, row: tuple[Any, ...]) -> None:
        thread = ThreadRow(*row[:16])
        self.threads[thread.issue_id] = thread
        if thread.petition_id not in self.petitions:
            columns = (thread.petition_id, *row[16:23], read_rules(row[23]), bool(row[30]))
            self.petitions[thread.petition_id] = PetitionRow(*columns)
        if thread.repository_id not in self.repositories:
            installation_id, owner, name, private, archived, as_of = row[24:30]
            repository = read_repository(thread.repository_id, owner, name, private, archived)
            self.repositories[thread.repository_id] = RepositoryRow(installation_id, repository, as_of)

    def read_comments(self, comments: Collection[Comment], known: Collection[int] = ()) -> None:
        """Read what is known of these comments, and of others by their ids, and all commands of their authors.

        Raises CommentsElsewhere.
        """
        if not comments and not known:
            return
        ids = [*(comment.id for comment in comments), *known]
        authors = {comment.author.id for comment in comments if comment.author}
        sql = f"{_COMMANDS_OF} UNION ALL SELECT {COMMENT_COLUMNS} FROM comments WHERE id = ANY($3::BIGINT[])"
        for row in self.transaction.fetch(sql, list(authors), list(self.petitions), ids):
            self.add_comment(read_comment(row))
        elsewhere = {row.issue_id for row in self.comments.values() if row.petition_id not in self.petitions}
        if elsewhere:
            raise CommentsElsewhere(frozenset(elsewhere))
        former = {row.comment.author.id for row in self.comments.values() if row.comment.author} - authors
        self.read_authors(former)
        self.forgotten.update(read_forgotten(self.transaction, authors | former))

    def read_authors(self, author_ids: Collection[int]) -> None:
        """Read all commands of these people on the petitions locked."""
        if not author_ids:
            return
        for row in self.transaction.fetch(_COMMANDS_OF, list(author_ids), list(self.petitions)):
            self.add_comment(read_comment(row))

    def read_thread(self, issue_id: int) -> list[CommentRow]:
        """Read all comments of a thread, and all commands of their authors."""
        rows = list(read_comments_of(self.transaction, issue_id))
        for row in rows:
            self.add_comment(row)
        authors = {row.comment.author.id for row in rows if row.comment.author}
        self.read_authors(authors)
        self.forgotten.update(read_forgotten(self.transaction, authors))
        return rows

    def redact(self, comment: Comment, petition_id: int) -> Comment:
        """Return a comment without what is to be forgotten of its author."""
        until = None if comment.author is None else self.forgotten.get(comment.author.id)
        if (petition := self.petitions.get(petition_id)) is not None and petition.anonymised:
            until = END_OF_TIME
        return comment if until is None else without_details(comment, until)

    def add_comment(self, row: CommentRow) -> None:
        """Add a comment as it was before this transaction."""
        if row.comment.id in self.comments:
            return
        self.comments[row.comment.id] = row
        if row.counted and row.comment.author:
            self.signed[row.petition_id, row.comment.author.id] = row

    def change(self, row: CommentRow) -> None:
        """Replace what was known of a comment; its author, and a former one, are evaluated again."""
        known = self.comments.get(row.comment.id)
        if known is not None:
            self.mark_author(known)
        # Block and pages say how many wait, also where nobody's signature changes.
        if row.doubtful != (known is not None and known.doubtful) and row.petition_id in self.petitions:
            self.petitions[row.petition_id].bumped = True
        self.comments[row.comment.id] = self.changed[row.comment.id] = row
        self.mark_author(row)

    def mark_author(self, row: CommentRow) -> None:
        """Mark the author of a comment as to be evaluated again."""
        if row.comment.author is not None:
            self.people.add((row.petition_id, row.comment.author.id))

    def write(self, now: WholeEpochSeconds) -> bool:
        """Write back what changed, apart from signatures; return whether anything did."""
        put_comments(self.transaction, self.changed.values())
        threads = [thread for thread in self.threads.values() if thread.changed]
        for thread in threads:
            if thread.reread_asked:
                thread.reread, thread.reread_asked_at = thread.reread + 1, now
        sql = """
            UPDATE threads
            SET title = $2, labelled = $3, closed_at = $4, locked = $5, comments = $6, as_of = $7,
                reread = $8, reread_as_of = $9, reread_asked_at = $10
            WHERE issue_id = $1
        """
        self.transaction.each(sql, list(map(_THREAD_COLUMNS, threads)))
        bumped = [petition for petition in self.petitions.values() if petition.bumped]
        for petition in bumped:
            if petition.revision == petition.published_revision:
                petition.changed_at = now
            petition.revision += 1
        set_petition = """
            UPDATE petitions
            SET labelled = $2, closed_at = $3, count = $4, digest_sum = $5, revision = $6, changed_at = $7
            WHERE id = $1
        """
        self.transaction.each(set_petition, list(map(_PETITION_COLUMNS, bumped)))
        reread = [petition.id for petition in self.petitions.values() if petition.reread]
        if reread:
            request_rereading(self.transaction, reread, now)
        return bool(self.changed or threads or bumped or reread)


def put_comments(transaction: Transaction, rows: Iterable[CommentRow]) -> None:
    """Store comments, and replace what was known of them."""
    transaction.put(upsert("comments", "id", COMMENT_TYPES), [write_comment(row) for row in rows])


def read_comments_of(transaction: Transaction, issue_id: int) -> Iterator[CommentRow]:
    """Read all comments of a thread."""
    sql = f"SELECT {COMMENT_COLUMNS} FROM comments WHERE issue_id = $1"
    return map(read_comment, transaction.fetch(sql, issue_id))


def read_forgotten(transaction: Transaction, people: Collection[int]) -> dict[int, WholeEpochSeconds]:
    """Return who of these people asked to be forgotten, by user id, and when."""
    sql = "SELECT user_id, at FROM forgotten WHERE user_id = ANY($1::BIGINT[])"
    return {row["user_id"]: row["at"] for row in transaction.fetch(sql, list(people))} if people else {}
