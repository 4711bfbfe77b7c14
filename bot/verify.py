"""`verify`: count a petition again from GitHub's API alone, and compare with what its block says."""

from __future__ import annotations

import re
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import aiohttp

from bot.config import Config
from bot.github.client import with_token
from bot.github.errors import Gone, NotFound
from bot.github.installation import InstallationClient
from bot.github.models.rest import IssueRead
from bot.github.petition_rules import FoundRules, find_rules
from bot.github.urls import web_url_of
from bot.operations import github_of
from bot.petition import block, threads
from bot.petition.comments.comment import Comment, Writer
from bot.petition.counting.abuse_signals import Account
from bot.petition.counting.recount import Cause, Difference, Recount, recount
from bot.store import Discrepancy, Inspection

_NAME = re.compile(r"(?P<repository>[\w.-]+/[\w.-]+)#(?P<number>[1-9][0-9]{0,8})", re.ASCII)


class NotAName(Exception):
    """Not the name of an issue. Write OWNER/REPO#NUMBER, for example lovelace/letters#12."""


@dataclass(frozen=True, slots=True)
class IssueName:
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


@dataclass(frozen=True, slots=True)
class Verification:
    """A recount, with where each comment can be read."""

    name: IssueName
    recount: Recount
    threads: tuple[IssueName, ...]
    """The issues whose comments were counted, the petition's first one first."""
    site_url: str
    thread_of: Mapping[int, IssueName]
    """By the comment's id."""
    notes: tuple[str, ...] = ()
    """What had to be taken on trust."""

    def url_of(self, comment_id: int | None) -> str:
        """Return the address of a comment, or of the issue where no single comment is meant."""
        thread = self.threads[0] if comment_id is None else self.thread_of[comment_id]
        issue = f"{self.site_url}/{thread.repository}/issues/{thread.number}"
        return issue if comment_id is None else f"{issue}#issuecomment-{comment_id}"

    def lines(self) -> list[str]:
        """Return its lines for people."""
        found, notes = self.recount, [f"  Note: {note}." for note in (*self.notes, *self._anonymity())]
        if found.agrees:
            more = f" Counted with {' and '.join(map(str, self.threads[1:]))}." if self.threads[1:] else ""
            agreed = f"{self.name}: the comments hold {_signatures(found.count)}, and so says the block.{more}"
            return [agreed, *notes]
        differences = [f"  - {describe(one, found)}: {self.url_of(one.comment_id)}" for one in found.differences]
        return [f"{self.name}: the block and the comments differ.", *differences, *notes]

    def _anonymity(self) -> Iterator[str]:
        if self.recount.line is not None and self.recount.line.anonymised:
            yield "the petition ended long ago, and the bot has erased who signed; only the comments still tell"

    def facts(self) -> dict[str, object]:
        """Return it as values for JSON."""
        found, line = self.recount, self.recount.line
        return {
            "petition": str(self.name),
            "threads": [str(thread) for thread in self.threads],
            "agrees": found.agrees,
            "comments": {"count": found.count, "digest": found.digest},
            "block": None if line is None else {"count": line.count, "digest": line.digest, "as_of": line.as_of},
            "differences": [
                {"text": describe(one, found), "url": self.url_of(one.comment_id)} for one in found.differences
            ],
            "notes": list(self.notes),
        }


def describe(difference: Difference, found: Recount) -> str:
    """Format in what block and comments differ."""
    return _DIFFERENCES[difference.cause].format(
        login=difference.login,
        block=_signatures(0 if found.line is None else found.line.count),
        comments=_signatures(found.count),
        count=f"{found.count:,}",
    )


_DIFFERENCES = {
    Cause.NO_LINE: "the issue shows no tally; the comments hold {comments}",
    Cause.OTHER_COUNT: "the block says {block}, the comments hold {count}",
    Cause.OTHER_SIGNATURES: "the block says {block}, but not the same ones as the comments hold",
    Cause.SIGNED_LATER: "{login} signed after the tally was made",
    Cause.HIDDEN_LATER: "{login}'s signature was hidden after the tally was made",
    Cause.WITHDRAWN_LATER: "{login}'s signature was withdrawn after the tally was made",
    Cause.NOT_IN_BLOCK: "{login}'s signature is missing from the block",
    Cause.COUNTED_THOUGH_EXCLUDED: (
        "{login}'s comment is counted, but it came after the end, or settings and commands leave it out"
    ),
    Cause.COUNTED_THOUGH_HIDDEN: "{login}'s comment is counted, but it is hidden",
    Cause.COUNTED_THOUGH_UNVERIFIED: (
        "{login}'s comment is counted, but somebody edited it and GitHub does not say who"
    ),
    Cause.COUNTED_THOUGH_NO_SIGN: "{login}'s comment is counted, but it holds no /sign of its author's own",
    Cause.COUNTED_THOUGH_OUTDATED: "{login}'s comment is counted, but it is not its author's last word",
}


@dataclass(frozen=True, slots=True)
class DatabaseVerification:
    """What checking the database came to, for one petition or for all; `site` is where the issues are."""

    inspections: Sequence[Inspection]
    site: str

    @property
    def agrees(self) -> bool:
        """Return whether all that is derived follows from the comments."""
        return not any(one.discrepancies for one in self.inspections)

    def lines(self) -> Iterator[str]:
        """Return its lines for people."""
        for one in self.inspections:
            if one.discrepancies:
                yield f"{one.name}: not all that is kept follows from the comments."
                yield from (f"  - {misfit.text}: {self._url(misfit)}" for misfit in one.discrepancies)
            else:
                yield f"{one.name}: {_signatures(one.count)}, and all that is kept follows from the comments."
        if not self.inspections:
            yield "No petition is kept yet."
        if not self.agrees:
            yield "A running bot repairs it, and so does `resync OWNER/REPO#N`. Please report it all the same."

    def facts(self) -> dict[str, object]:
        """Return it as values for JSON."""
        return {"agrees": self.agrees, "petitions": [self._facts(one) for one in self.inspections]}

    def _facts(self, one: Inspection) -> dict[str, object]:
        return {
            "petition": one.name,
            "agrees": not one.discrepancies,
            "comments": {"count": one.count, "digest": one.digest},
            "differences": [{"text": misfit.text, "url": self._url(misfit)} for misfit in one.discrepancies],
        }

    def _url(self, misfit: Discrepancy) -> str:
        issue = f"{self.site}/{misfit.issue.replace('#', '/issues/')}"
        return issue if misfit.comment_id is None else f"{issue}#issuecomment-{misfit.comment_id}"


@dataclass(frozen=True, slots=True)
class Ballots:
    """Everything that GitHub alone tells of a petition: its issues, their comments and the rules of counting.

    `accounts` are those of the people who wrote a command, where they were asked for.
    """

    pages: Sequence[IssueRead]
    comments: Mapping[IssueName, Sequence[Comment]]
    told: FoundRules
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
    def born(self) -> dict[int, int]:
        """Return when accounts were opened."""
        return {user_id: account.born for user_id, account in self.accounts.items()}


async def verify(name: IssueName, config: Config) -> Verification:
    """Count a petition again; raises `bot.github.errors`."""
    ballots = await gather(name, config)
    first, told = ballots.pages[0], ballots.told
    said, closed_at = block.machine_line(first.body), first.issue.closed_at
    found = recount(ballots.all_comments, said, closed_at=closed_at, rules=told.rules, born=ballots.born)
    thread_of = {comment.id: thread for thread, those in ballots.comments.items() for comment in those}
    where = tuple(ballots.comments)
    return Verification(ballots.name, found, where, web_url_of(config.api_url), thread_of, told.notes)


async def gather(name: IssueName, config: Config, *, with_accounts: bool = False) -> Ballots:
    """Read a petition from GitHub; raises `bot.github.errors`.

    Accounts are asked for always, or only where the rules ask for their age.
    """
    async with aiohttp.ClientSession() as session:
        client = await _client(session, name, config)
        pages = await _read_threads(client, name)
        first, associates, nodes = pages[0], set[int](), list[str]()
        comments = {_name_of(page): await _read_comments(client, page, associates, nodes) for page in pages}
        together = [comment for found in comments.values() for comment in found]
        said = block.machine_line(first.body)
        repository, withheld = first.repository.full_name, defaultdict[int, set[int]](set)
        for order, person in said.removals if said is not None else ():
            withheld[order].add(person)
        told = await find_rules(client, repository, together, associates=associates, withheld=withheld)
        asked = with_accounts or told.rules.asks_for_age
        return Ballots(pages, comments, told, await client.get_accounts(nodes) if asked else {})


async def _client(session: aiohttp.ClientSession, name: IssueName, config: Config) -> InstallationClient:
    if config.token:
        return with_token(session, config.token, api_url=config.api_url, now=time.time)
    github = github_of(config, session)
    return github.installation(await github.find_installation(name.repository))


async def _read_threads(client: InstallationClient, name: IssueName) -> list[IssueRead]:
    """Read a petition's issues, the first one first; `name` may be of any of them.

    The block of the first one names the others. They count where a bot has written them as its continuations, under
    the same owner: only an App can do that, and only one that the owner has let in.
    """
    first = await client.get_issue(name.repository, name.number)
    if (continues := _continued_by(first)) is not None:
        first = await client.get_issue(*threads.split_name(continues.name))
    said = block.machine_line(first.body)
    pages, strangers = {first.issue.id: first}, 0
    for other in said.threads if said is not None else ():
        if strangers == threads.UNRELATED_LIMIT:
            break
        if other.lower() == str(_name_of(first)).lower():
            continue
        page = await _read_continuation(client, other, first)
        if page is None:
            strangers += 1
        else:
            pages[page.issue.id] = page
    return list(pages.values())


async def _read_continuation(client: InstallationClient, name: str, first: IssueRead) -> IssueRead | None:
    try:
        page = await client.get_issue(*threads.split_name(name))
    except (NotFound, Gone):
        return None
    continues = _continued_by(page)
    is_ours = continues is not None and page.repository.owner == first.repository.owner
    return page if continues and is_ours and await client.is_same_issue(continues, first.issue.id) else None


def _continued_by(page: IssueRead) -> threads.Continues | None:
    by_app = page.author is not None and page.author.type == "Bot"
    return threads.read_continues(page.body) if by_app else None


async def _read_comments(
    client: InstallationClient, read: IssueRead, associates: set[int], nodes: list[str]
) -> list[Comment]:
    """Read all comments, and of those that say something to us also who wrote what.

    Authors that belong to the repository are added to `associates`, and to `nodes` the names by which GraphQL knows
    the comments that say something.

    An edit within the second of writing leaves no trace in the times that a listing shows, only in the history.
    """
    issue = read.issue
    listing = await client.list_comments(read.repository.full_name, issue.number, count=issue.comments)
    associates |= listing.associates
    found = {comment.id: comment for comment in listing.comments}
    told = [c.id for c in listing.comments if any(v.command or v.writer is Writer.UNKNOWN for v in c.versions)]
    here = [listing.node_ids[comment_id] for comment_id in told]
    nodes += here
    for history in await client.get_comment_histories(here):
        found[history.id] = history
    return list(found.values())


def _name_of(page: IssueRead) -> IssueName:
    return IssueName(page.repository.full_name, page.issue.number)


def _signatures(count: int) -> str:
    return "1 signature" if count == 1 else f"{count:,} signatures"
