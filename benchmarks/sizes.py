"""What a signature and a publication cost when a thousand have signed, and when a million have.

The store, without HTTP: a petition is filled to each size. Then, in rounds, a group of signatures is recorded, and
the petition is published, by the code that the bot runs, to a GitHub that answers at once. Each round does the same
with a small petition in another database; ratios are medians of each round's ratio.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from statistics import median
from typing import cast

import uvloop
from msgspec.structs import replace

from benchmarks.databases import new_database, postgres_server, sqlite_files
from benchmarks.deliveries import make_template
from benchmarks.report import Goal, Options, Report, Table, paired_ratio
from bot.github import webhooks
from bot.github.errors import NotFound
from bot.github.installation import InstallationClient
from bot.github.models.rest import IssueRead
from bot.petition.comments.comment import Author
from bot.petition.reported_facts import CommentFact
from bot.reconcile.publish import publish
from bot.reconcile.publish_plan import PublishContext
from bot.store import Store

SIZES, QUICK_SIZES = (1_000, 10_000, 100_000, 1_000_000), (100, 500)
"""The first is the size of the small petition."""

ROUNDS, QUICK_ROUNDS = 15, 2
GROUP, FILLING = 64, 256
DAY = 10_000
"""Signatures a day; what is kept for each day of a petition grows with it."""

Seconds = defaultdict[str, list[float]]


@dataclass(slots=True)
class Petition:
    """A petition that grows, and a GitHub that has room for its body and takes no time."""

    store: Store
    first: CommentFact
    body: str | None = "Dear all,\r\n\r\nplease."
    signed: int = 0

    async def fill(self, size: int, group: int = FILLING) -> None:
        """Record signatures, a group in each transaction, until there are so many."""
        while self.signed < size:
            numbers = range(self.signed + 1, min(self.signed + group, size) + 1)
            await self.store.record([self.fact(number) for number in numbers])
            self.signed = numbers[-1]

    async def get_issue(self, _repo: str, _number: int) -> IssueRead:
        """Answer as the client does."""
        return IssueRead(self.first.repository, self.first.issue, self.body, int(time.time()))

    def low_priority_spacing(self) -> float:
        """Have nothing read that can wait."""
        return 1.0

    @property
    def session(self) -> Petition:
        """Return what files are read by."""
        return self

    async def request(self, *_asked: object) -> None:
        """Find no file."""
        raise NotFound

    async def edit_body(self, repo: str, number: int, body: str) -> IssueRead:
        """Answer as the client does."""
        self.body = body
        return await self.get_issue(repo, number)

    async def measure(self, seconds: Seconds) -> None:
        """Record a group, and publish."""
        began = time.perf_counter()
        await self.fill(self.signed + GROUP, GROUP)
        seconds["record"].append(time.perf_counter() - began)
        installation = self.first.installation_id
        async with self.store.lease(installation) as lease:
            client = cast("InstallationClient", self)
            context = PublishContext(self.store, client, lease, "petition", time.time, 600.0)
            (due,) = await self.store.petitions.list_due(installation, time.time())
            began = time.perf_counter()
            assert await publish(due, context) == 1
            seconds["publish"].append(time.perf_counter() - began)

    def fact(self, number: int) -> CommentFact:
        """Return the signature of another person."""
        comment = self.first.comment
        at = comment.created_at + number * 86400 // DAY
        author, versions = Author(10**9 + number, f"signer-{number}"), (replace(comment.versions[0], at=at),)
        signed = replace(
            comment, id=comment.id + number, created_at=at, author=author, author_at=at, versions=versions
        )
        return replace(self.first, comment=signed)


def measure(options: Options) -> Report:
    """Fill databases of both kinds, and measure on the way."""
    sizes, rounds = (QUICK_SIZES, QUICK_ROUNDS) if options.quick else (SIZES, ROUNDS)
    rows, goals = [], []
    with sqlite_files() as file, postgres_server() as server:
        for engine, make in (("SQLite", file), ("PostgreSQL", partial(new_database, server))):
            found = uvloop.run(_grow(make, sizes, rounds))
            for kind in ("record", "publish"):
                ratios = [paired_ratio(large[kind], small[kind]) for large, small in found]
                times = [median(large[kind]) * 1000 for large, _ in found]
                cells = (f"{time:.2f} ({ratio:.2f})" for time, ratio in zip(times, ratios, strict=True))
                rows.append([f"{kind}, {engine}", *cells])
                goals.append(Goal(f"{kind}, {engine}, times that of the small petition", ratios[-1], 1.3))
    headings = [f"ms (times that of {sizes[0]:,})", *(f"{size:,} signatures" for size in sizes)]
    return Report([Table(headings, rows)], goals)


def first_fact() -> CommentFact:
    """Return the first signature of a petition."""
    (fact,) = webhooks.read("issue_comment", make_template().payload_of(0)).facts
    assert isinstance(fact, CommentFact)
    # As if the issue were young: opening the next one is not what this is about.
    return replace(fact, issue=replace(fact.issue, comments=1))


async def _grow(make: Callable[[], str], sizes: Sequence[int], rounds: int) -> list[tuple[Seconds, Seconds]]:
    first, found = first_fact(), []
    store = await Store.open(make())
    large = Petition(store, first)
    for size in sizes:
        beside = await Store.open(make())
        small, seconds = Petition(beside, first), (Seconds(list), Seconds(list))
        await small.fill(sizes[0])
        await large.fill(size)
        for number in range(-1, rounds):
            for petition, times in list(zip((large, small), seconds, strict=True))[:: 1 if number % 2 else -1]:
                # The first round finds everything cold.
                await petition.measure(times if number >= 0 else Seconds(list))
        await beside.close()
        found.append(seconds)
    await store.close()
    return found
