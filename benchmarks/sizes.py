"""What a signature and a publication cost when a thousand have signed, and when a million have."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from statistics import median
from typing import cast
from urllib.parse import urlsplit

import uvloop

from benchmarks.databases import postgres_databases, sqlite_files
from benchmarks.deliveries import make_template
from benchmarks.drawing import Chart, Line
from benchmarks.figures import paired_ratio, percentile
from benchmarks.report import Goal, Section, Table, at_most
from bot.github import webhooks
from bot.github.installation import InstallationClient
from bot.github.models.rest import IssueRead
from bot.petition.comments.comment import Author
from bot.petition.facts import CommentFact, Issue, Repository
from bot.reconcile.publish import publish
from bot.reconcile.publish_context import PublishContext
from bot.store import Store

SIZES = (1_000, 10_000, 100_000, 1_000_000)
QUICK_SIZES = SIZES[:3]
GROUP = 64
FILLING = 256
ROUNDS = 15
DAY = 10_000
"""Signatures a day; a petition lasts, and what is kept for each day grows with it."""

NOTES = f"""
The store, without HTTP: a petition is filled to each size, by recording signatures as a delivery does, {FILLING}
in a transaction. Then in {ROUNDS} rounds {GROUP} new signatures are recorded in one transaction, one is recorded
alone, and the petition is published, by the code that the bot runs, to a GitHub that answers at once and keeps
nothing. Each round does the same with a petition of {SIZES[0]:,} in another database; the ratio is the median of
each round's ratio, so that it does not matter what else the machine was doing.
"""

ENGINES = ("SQLite", "PostgreSQL")
RECORD, ALONE, PUBLISH = "record", "record alone", "publish"
KINDS = (RECORD, ALONE, PUBLISH)


@dataclass(slots=True)
class Petition:
    """A petition that grows, and a GitHub that has room for its body and takes no time."""

    store: Store
    first: CommentFact
    body: str | None = "Dear all,\r\n\r\nplease."
    signed: int = 0

    async def sign(self, number: int) -> None:
        """Let so many more people sign, in one transaction."""
        facts = [self._fact(self.signed + each) for each in range(1, number + 1)]
        self.signed += number
        await self.store.record(facts)

    async def get_issue(self, repo: str, number: int) -> IssueRead:
        """Answer as the client does."""
        assert (repo, number) == (self.first.repository.full_name, self.first.issue.number)
        return self._shown()

    async def read_file(self, repo: str, path: str) -> None:
        """Tell that there is no such file."""

    async def edit_body(self, repo: str, number: int, body: str) -> IssueRead:
        """Answer as the client does."""
        assert (repo, number) == (self.first.repository.full_name, self.first.issue.number)
        self.body = body
        return self._shown()

    def _shown(self) -> IssueRead:
        return IssueRead(self.first.repository, self.first.issue, self.body, int(time.time()))

    def _fact(self, number: int) -> CommentFact:
        comment, seconds = self.first.comment, number * 86400 // DAY
        at = comment.created_at + seconds
        author = Author(1_000_000_000 + number, f"signer-{number}")
        versions = (replace(comment.versions[0], at=at),)
        signed = replace(
            comment, id=comment.id + number, created_at=at, author=author, author_at=at, versions=versions
        )
        return replace(self.first, comment=signed)


@dataclass(slots=True)
class Times:
    """Seconds for each kind of work, round by round: of the petition of a size, and of the small one beside it."""

    large: defaultdict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    small: defaultdict[str, list[float]] = field(default_factory=lambda: defaultdict(list))

    def spread(self, kind: str) -> str:
        """Say between which ratios half of the rounds lay."""
        ratios = [large / small for large, small in zip(self.large[kind], self.small[kind], strict=True)]
        return f"{percentile(ratios, 0.25):.2f} and {percentile(ratios, 0.75):.2f}"

    def ratio(self, kind: str) -> float:
        """Say how much longer the large one takes."""
        return paired_ratio(self.large[kind], self.small[kind])


Results = Mapping[tuple[str, int], Times]


def measure(*, quick: bool = False) -> Section:
    """Fill both databases, and measure on the way."""
    sizes = QUICK_SIZES if quick else SIZES
    results: dict[tuple[str, int], Times] = {}
    with sqlite_files() as file, postgres_databases() as server:
        large = {"SQLite": file(), "PostgreSQL": server.make()}
        small = {"SQLite": file(), "PostgreSQL": server.make()}
        for engine in ENGINES:
            found = uvloop.run(_grow(large[engine], small[engine], sizes))
            results |= {(engine, size): times for size, times in found.items()}
        taken = {"SQLite": Path(urlsplit(large["SQLite"]).path).stat().st_size}
        taken["PostgreSQL"] = server.size(large["PostgreSQL"])
    return _section(results, sizes, taken)


async def _grow(large_url: str, small_url: str, sizes: tuple[int, ...]) -> dict[int, Times]:
    found: dict[int, Times] = {}
    async with AsyncExitStack() as stack:
        stores: list[Store] = []
        for url in (large_url, small_url):
            stores.append(await Store.open(url))
            stack.push_async_callback(stores[-1].close)
        large = _petition(stores[0], 0)
        for size in sizes:
            # Each size has a small petition of its own: the one before has grown by what was measured with it.
            small = _petition(stores[1], size)
            await _fill(small, SIZES[0])
            await _fill(large, size)
            found[size] = await _compare(large, small)
    return found


def _petition(store: Store, number: int) -> Petition:
    delivery = webhooks.read("issue_comment", make_template().payload_of(0, number))
    first = delivery.facts[0]
    assert isinstance(first, CommentFact)
    # A repository and an installation of its own, so that what is due is this petition.
    installation = first.installation_id + number
    repository = Repository(first.repository.id + number, "lovelace", f"letters-{number}")
    # As if each issue were young: opening the next one is not what this is about.
    issue: Issue = replace(first.issue, number=1, comments=1)
    comment = replace(first.comment, id=first.comment.id + 10 * number)
    return Petition(store, CommentFact(installation, repository, issue, comment))


async def _fill(petition: Petition, size: int) -> None:
    while petition.signed < size:
        await petition.sign(min(FILLING, size - petition.signed))


async def _compare(large: Petition, small: Petition) -> Times:
    times = Times()
    for petition in (large, small):
        await _round(petition, defaultdict(list))
    for number in range(ROUNDS):
        turns = [(large, times.large), (small, times.small)]
        for petition, taken in turns if number % 2 else reversed(turns):
            await _round(petition, taken)
    return times


async def _round(petition: Petition, taken: defaultdict[str, list[float]]) -> None:
    began = time.perf_counter()
    await petition.sign(GROUP)
    taken[RECORD].append(time.perf_counter() - began)
    began = time.perf_counter()
    await petition.sign(1)
    taken[ALONE].append(time.perf_counter() - began)
    installation = petition.first.installation_id
    async with petition.store.lease(installation) as lease:
        desk = PublishContext(
            petition.store, cast("InstallationClient", petition), lease, "petition", time.time, 600.0
        )
        (due,) = await petition.store.petitions.list_due(installation, time.time())
        began = time.perf_counter()
        assert await publish(due, desk) == 1
        taken[PUBLISH].append(time.perf_counter() - began)


def _section(results: Results, sizes: tuple[int, ...], taken: Mapping[str, int]) -> Section:
    rows = [
        [f"{kind}, {engine}", *(_cell(results[engine, size], kind) for size in sizes)]
        for engine in ENGINES
        for kind in KINDS
    ]
    room = ", ".join(f"{taken[engine] / sizes[-1]:,.0f} bytes on {engine}" for engine in ENGINES)
    return Section(
        name="sizes",
        title="A long petition",
        notes=f"{NOTES}\nOn disk, with its comment and all indexes, a signature takes {room}.",
        tables=[
            Table(
                ["ms (ratio to 1,000)", *(f"{size:,} signatures" for size in sizes)],
                rows,
                f"Time for {GROUP} signatures, for one, and for a publication",
            )
        ],
        charts=[
            Chart(
                "Cost by the length of the petition",
                "signatures",
                "ms",
                [
                    Line(f"{kind}, {engine}", [(s, _middle(results[engine, s], kind) * 1000) for s in sizes])
                    for engine in ENGINES
                    for kind in (RECORD, PUBLISH)
                ],
                log_x=True,
                log_y=True,
            )
        ],
        goals=list(_goals(results, sizes[-1])),
    )


def _goals(results: Results, largest: int) -> Iterator[Goal]:
    for engine in ENGINES:
        for kind in (RECORD, PUBLISH):
            times = results[engine, largest]
            yield at_most(
                f"{kind} at {largest:,} signatures, times that at {SIZES[0]:,}, {engine}",
                1.3,
                times.ratio(kind),
                why=f"Half of the rounds lay between {times.spread(kind)}.",
            )


def _middle(times: Times, kind: str) -> float:
    return median(times.large[kind])


def _cell(times: Times, kind: str) -> str:
    return f"{_middle(times, kind) * 1000:,.2f} ({times.ratio(kind):.2f})"
