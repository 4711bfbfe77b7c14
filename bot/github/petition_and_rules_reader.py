"""Read a petition from GitHub alone: its issues, their comments, and by which rules it counts."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import AsyncGenerator, Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from msgspec import Struct

from bot.github.errors import Forbidden, Gone, NotFound
from bot.github.installation_client import InstallationClient
from bot.github.models.rest import IssueRead
from bot.github.repository_file_reader import RepositoryFiles
from bot.petition import block
from bot.petition.abuse_signals import Account
from bot.petition.comments.comment import Author, Comment, Writer
from bot.petition.machine_readable_lines import split_name
from bot.petition.organizer_commands import GivenCommand, apply_commands, logins_in, standing_commands
from bot.petition.rules_in_force import Rules
from bot.petition.settings import DEFAULTS, PATH, Settings
from bot.petition.settings_file import read as read_text
from bot.petition.tally import Conditions

UNRELATED_LIMIT = 5
"""Names in a block that may lead to no issue of the petition; then the others are not looked up any more.

Whoever may edit the letter can write thousands of them, and GitHub counts our calls.
"""

_NAME = re.compile(r"(?P<repository>[\w.-]+/[\w.-]+)#(?P<number>[1-9][0-9]{0,8})", re.ASCII)


class NotAName(Exception):
    """Not the name of an issue. Write OWNER/REPO#NUMBER, for example lovelace/letters#12."""


class IssueName(Struct, frozen=True):
    """`owner/repo#number`, as people write it."""

    repository: str
    number: int

    def __str__(self) -> str:
        return f"{self.repository}#{self.number}"

    @classmethod
    def read(cls, text: str) -> IssueName:
        """Read a name; raises NotAName."""
        match = _NAME.fullmatch(text.strip())
        if match is None:
            raise NotAName(NotAName.__doc__)
        return cls(match["repository"], int(match["number"]))


class PetitionRead(Struct, frozen=True):
    """Everything that GitHub alone tells of a petition: its issues, their comments and the rules of counting.

    `accounts` are those of the people who wrote a command, where they were asked for; `notes` name what could not
    be checked.
    """

    pages: Sequence[IssueRead]
    comments: Mapping[IssueName, Sequence[Comment]]
    rules: Rules
    notes: tuple[str, ...]
    accounts: Mapping[int, Account]

    @property
    def name(self) -> IssueName:
        """Return the name of the first issue."""
        return _name_of(self.pages[0])

    @property
    def all_comments(self) -> list[Comment]:
        """Return the comments of all issues."""
        return [comment for found in self.comments.values() for comment in found]

    @property
    def conditions(self) -> Conditions:
        """Return what decides, beside the comments, who counts."""
        born = {user_id: account.born for user_id, account in self.accounts.items()}
        return Conditions(self.pages[0].issue.closed_at, self.rules, born)


async def read_petition(client: InstallationClient, name: IssueName, *, with_accounts: bool) -> PetitionRead:
    """Read a petition from GitHub; raises `bot.github.errors`.

    Accounts are asked for always, or only where the rules ask for their age.
    """
    reader = _PetitionReader(client)
    pages = await reader.read_threads(name)
    comments = {_name_of(page): await reader.read_comments(page) for page in pages}
    rules = await reader.find_rules(pages[0], [comment for found in comments.values() for comment in found])
    asked = with_accounts or rules.asks_for_age
    accounts = await client.get_accounts(reader.nodes) if asked else {}
    return PetitionRead(pages, comments, rules, tuple(reader.notes), accounts)


@dataclass(frozen=True, slots=True)
class _PetitionReader:
    client: InstallationClient
    associates: set[int] = field(default_factory=set)
    """The authors that GitHub shows as owner, member or collaborator of the repository."""
    nodes: list[str] = field(default_factory=list)
    """The names by which GraphQL knows the comments that say something to us."""
    notes: list[str] = field(default_factory=list)
    """What could not be checked."""

    async def read_threads(self, name: IssueName) -> list[IssueRead]:
        """Read a petition's issues, the first one first; `name` may be of any of them."""
        first = await self.client.get_issue(name.repository, name.number)
        if first.continues is not None:
            first = await self.client.get_issue(*split_name(first.continues.name))
        pages = {first.issue.id: first}
        read_next = partial(read_continuation, self.client, first.issue.id, first)
        async for page in follow_threads({str(_name_of(first)).lower()}, first, first, read_next):
            pages[page.issue.id] = page
        return list(pages.values())

    async def read_comments(self, read: IssueRead) -> list[Comment]:
        """Read all comments, and of those that say something to us also who wrote what.

        An edit within the second of writing leaves no trace in the times that a listing shows, only in the history.
        """
        issue = read.issue
        listing = await self.client.list_comments(read.repository.full_name, issue.number, count=issue.comments)
        self.associates.update(listing.associates)
        found = {comment.id: comment for comment in listing.comments}
        told = [c.id for c in listing.comments if any(v.command or v.writer is Writer.UNKNOWN for v in c.versions)]
        here = [listing.node_ids[comment_id] for comment_id in told]
        self.nodes.extend(here)
        for history in await self.client.get_comment_histories(here):
            found[history.id] = history
        return list(found.values())

    async def find_rules(self, first: IssueRead, comments: Collection[Comment]) -> Rules:
        """Apply settings and commands as the bot does.

        The block shows whom a command has removed: logins change, and an old one cannot be looked up.
        """
        said, removed = block.machine_line(first.body), defaultdict[int, set[int]](set)
        for comment_id, person in said.removals if said is not None else ():
            removed[comment_id].add(person)
        repository = first.repository.full_name
        settings = await self._read_settings(repository)
        commands = standing_commands(comments)
        organizers = await self._find_organizers(repository, commands)
        named: dict[tuple[int, str], Author | None] = {}
        logins = defaultdict[int, dict[str, None]](dict)
        for one in commands:
            if organizers[one.author.id]:
                logins[one.comment_id].update(dict.fromkeys(logins_in(one.command)))
        for comment_id, names in logins.items():
            people = await self._find_named(names, comments, removed.get(comment_id, ()))
            named.update({(comment_id, login): person for login, person in people.items()})
        return apply_commands(settings, commands, organizers=organizers, named=named).rules

    async def _read_settings(self, repository: str) -> Settings:
        try:
            text = await RepositoryFiles(self.client, repository).read_text(PATH)
        except Forbidden:
            self.notes.append(f"{PATH} cannot be read with these credentials, so its settings were not applied")
            return DEFAULTS
        found = read_text(text or "")
        if isinstance(found, Settings):
            return found
        self.notes.append(
            f"{PATH} has mistakes, so its settings were not applied; the bot applies the last version without"
            " mistakes"
        )
        return DEFAULTS

    async def _find_organizers(self, repository: str, commands: Iterable[GivenCommand]) -> dict[int, bool]:
        organizers: dict[int, bool] = {}
        for person in {one.author.id: one.author for one in commands}.values():
            try:
                organizers[person.id] = await self.client.may_write(repository, person)
            except Forbidden:
                organizers[person.id] = person.id in self.associates
                word = "an organizer" if organizers[person.id] else "no organizer"
                self.notes.append(
                    f"only organizers can see who is an organizer, so {person.login} was treated as {word}"
                )
        return organizers

    async def _find_named(
        self, logins: Iterable[str], comments: Iterable[Comment], meant: Collection[int]
    ) -> dict[str, Author | None]:
        """Return whom a comment means by each login; `meant` are those that the block shows as removed."""
        authors = {comment.author.login.lower(): comment.author for comment in comments if comment.author}
        people = {login: await self.client.find_user(login) or authors.get(login) for login in logins}
        others = set(meant) - {person.id for person in people.values() if person is not None}
        for login, person in people.items():
            if others and (person is None or person.id not in meant):
                self.notes.append(
                    f"a command names {login}, whose login has changed; the block shows who was meant"
                )
                people[login] = Author(others.pop(), login)
        return people


async def follow_threads(
    known: Collection[str],
    first: IssueRead,
    last: IssueRead,
    read_next: Callable[[str, IssueRead], Awaitable[IssueRead | None]],
) -> AsyncGenerator[IssueRead]:
    """Read the issues that a petition's blocks name, without those `known` by their names in small letters.

    `last` is the last of those. `read_next` reads an issue by its name and by the one before it; it returns None
    where that does not continue the petition.
    """
    names, seen, strangers = [*first.named_threads, *last.named_threads], {*known}, 0
    for name in names:
        if name.lower() in seen:
            continue
        if strangers == UNRELATED_LIMIT:
            break
        seen.add(name.lower())
        page = await read_next(name, last)
        if page is None:
            strangers += 1
        else:
            yield page
            last = page
            names += page.named_threads


async def read_continuation(
    client: InstallationClient, petition_id: int, first: IssueRead, name: str, last: IssueRead
) -> IssueRead | None:
    """Read an issue that a block names; None where no bot has written it as the one after the `last`."""
    try:
        page = await client.get_issue(*split_name(name))
    except (NotFound, Gone):
        return None
    is_named = name.lower() in map(str.lower, last.named_threads)
    is_trusted = is_named or not page.is_by_workflow
    is_near = page.repository.owner == first.repository.owner
    return page if is_trusted and is_near and await continues(client, page, petition_id, first) else None


async def continues(client: InstallationClient, page: IssueRead, petition_id: int, first: IssueRead) -> bool:
    """Return whether a bot has written that an issue continues a petition."""
    line = page.continues
    return line is not None and (line.issue_id == petition_id or await client.is_same_issue(line, first.issue.id))


def _name_of(page: IssueRead) -> IssueName:
    return IssueName(page.repository.full_name, page.issue.number)
