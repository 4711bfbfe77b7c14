"""A petition and its people, for the store's tests."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from msgspec.structs import replace

from bot.petition.comments.commands import Command, Sign, Unsign
from bot.petition.comments.comment import Author, Comment, Version, Writer, body_digest
from bot.petition.facts_from_github import CommentFact, Issue, IssueFact, Repository
from bot.petition.letter_versions_and_translations import Letter
from bot.petition.organizer_commands import GivenCommand
from bot.store import Snapshot, Store, issue_bodies
from bot.store.letters import read_letters_with_texts
from bot.store.organizer_commands import read_commands
from bot.store.petition_obstacles import Condition, read_conditions

INSTALLATION = 700
REPOSITORY = Repository(70, "acme", "letters")
LETTER = Issue(id=1_000, number=7, title="Open the archive", labels=frozenset({"petition"}), updated_at=100)
PEOPLE = {"ada": 1, "grace": 2, "alan": 3, "linus": 4, "barbara": 5, "edsger": 6}
ADA, GRACE, ALAN = (Author(PEOPLE[login], login) for login in ("ada", "grace", "alan"))


def person(login: str) -> Author:
    return Author(PEOPLE.get(login) or 100 + sum(login.encode()), login)


@dataclass
class Scene:
    """Writes comments as GitHub would tell of them; every call is one second later than the one before."""

    store: Store
    clock: int = 100
    next_comment: int = 5_000_000_000
    issue: Issue = LETTER
    repository: Repository = REPOSITORY
    comments: dict[int, Comment] = field(default_factory=dict)

    async def label(self) -> None:
        await self.change_issue()

    async def change_issue(self, issue: Issue | None = None) -> IssueFact:
        """Tell of a change of the issue."""
        self.clock += 1
        self.issue = replace(issue or self.issue, updated_at=self.clock)
        fact = IssueFact(INSTALLATION, self.repository, self.issue, self.clock)
        await self.store.record([fact])
        return fact

    async def say(self, author: Author | None, command: Command | None, at: int | None = None) -> int:
        """Write a comment; gives its id."""
        fact = self.fact(author, command, at)
        await self.store.record([fact])
        return fact.comment.id

    async def sign(self, login: str, name: str | None = None) -> int:
        return await self.say(person(login), Sign(name))

    async def unsign(self, login: str) -> int:
        return await self.say(person(login), Unsign())

    async def edit(self, comment_id: int, command: Command | None, writer: Writer = Writer.AUTHOR) -> None:
        known = self.comments[comment_id]
        self.clock += 1
        version = Version(
            self.clock, body_digest(repr(command)), writer, command, previous=known.versions[-1].digest
        )
        await self.observe(replace(known, versions=(version,), author_at=self.clock))

    async def hide(self, comment_id: int, hidden: bool = True) -> None:
        known = self.comments[comment_id]
        self.clock += 1
        version = replace(known.versions[-1], at=self.clock, writer=Writer.UNKNOWN, previous=None, hidden=hidden)
        await self.observe(replace(known, versions=(version,)))

    async def delete(self, comment_id: int) -> None:
        self.clock += 1
        await self.observe(replace(self.comments[comment_id], deleted=True, versions=()))

    async def observe(self, comment: Comment) -> None:
        self.comments[comment.id] = comment
        self.issue = replace(self.issue, updated_at=self.clock)
        await self.store.record([CommentFact(INSTALLATION, self.repository, self.issue, comment)])

    def fact(self, author: Author | None, command: Command | None, at: int | None = None) -> CommentFact:
        self.clock = self.clock + 1 if at is None else at
        self.next_comment += 1
        version = Version(self.clock, body_digest(repr(command)), Writer.AUTHOR, command)
        comment = Comment(self.next_comment, self.clock, author, self.clock, (version,))
        self.comments[comment.id] = comment
        self.issue = replace(self.issue, updated_at=self.clock)
        return CommentFact(INSTALLATION, self.repository, self.issue, comment)

    async def snapshot(self) -> Snapshot:
        return await self.store.petitions.get_snapshot(LETTER.id, 100)

    async def count(self) -> int:
        return (await self.snapshot()).count

    async def signatories(self) -> list[str]:
        return [signature.login for signature in (await self.snapshot()).newest]


async def record_write(store: Store, issue_id: int, made_from: str | None, body: str) -> None:
    """Record a write of ours, as publishing does before it sends it."""
    now = int(store._now())
    await store.database.write(lambda work: issue_bodies.record_write(work, issue_id, made_from, body, now))


async def mark_right(store: Store, issue_id: int, body: str) -> None:
    await store.database.write(lambda work: issue_bodies.mark_right(work, issue_id, body))


async def list_letters(store: Store, petition_id: int) -> tuple[Letter, ...]:
    """Return the versions of the letter with their texts, the oldest first."""
    return await store.database.read(lambda transaction: read_letters_with_texts(transaction, petition_id))


async def list_conditions(store: Store) -> list[Condition]:
    """List the petitions that are not fine, and why."""
    return await store.database.read(read_conditions)


async def list_commands(store: Store, petition_id: int) -> list[GivenCommand]:
    return await store.database.read(lambda work: read_commands(work, petition_id))


async def rows(store: Store, question: str) -> list[tuple[object, ...]]:
    """Look into the tables."""
    return [tuple(row) for row in await store.database.read(lambda work: work.fetch(question))]


async def pragma(store: Store, words: str) -> object:
    """Ask or set something where transactions are written."""

    def ask() -> object:
        row = store.database.connection().execute(f"PRAGMA {words}").fetchone()  # type: ignore[attr-defined] # SQLite's
        return row and row[0]

    threads = store.database._writing  # type: ignore[attr-defined] # SQLite's
    return await asyncio.get_running_loop().run_in_executor(threads, ask)
