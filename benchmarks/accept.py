"""How many deliveries are accepted, each on disk before its answer: beside a server that only reads them."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from statistics import median

from benchmarks.databases import postgres_databases, sqlite_files
from benchmarks.deliveries import make_template
from benchmarks.drawing import Chart, Line
from benchmarks.figures import paired_ratio
from benchmarks.generating import Generator, generator
from benchmarks.load import Outcome
from benchmarks.report import Goal, Section, Table, at_least, none_of
from benchmarks.servers import Server, bot_environment, serving
from bot.store import Store

CONCURRENCY = (1, 16, 64, 256)
BARE, TYPICAL = "bare aiohttp", "typical gidgethub"
SQLITE, POSTGRES = "ours, SQLite", "ours, PostgreSQL"
SLOW, SLOW_SINGLE = "ours, SQLite, 2 ms a sync", "a commit per delivery, 2 ms a sync"
SYNC_MS = 2
ROUNDS, QUICK_ROUNDS = 9, 3
SLOT = 0.4
"""Seconds that one server gets in a round, about."""
MOST = 10_000
"""Deliveries in one slot; they are made beforehand, and take 17 kB each."""

NOTES = f"""
Deliveries of 17 kB, made by the sandbox and signed, each of a comment by somebody else, sent over so many
connections at once by a process of its own that speaks HTTP over bare sockets (a client library would have been
the bottleneck). All servers run on uvloop in one process. *Bare* reads the body and answers. *Typical* is a bot
as gidgethub's documentation shows it: `from_http` and a router; it stores nothing. *Ours* is `python -m bot
serve`: when it answers, the comment, the signature and the counts that follow from it are on disk (SQLite with
`synchronous = FULL`, PostgreSQL with `fsync`). GitHub's API cannot be reached meanwhile, so that accepting alone
is measured; the storm below has the whole path. Each round gives every server its turn; the numbers are medians,
the ratios are medians of each round's ratio.

The slow disk: every commit that wrote something sleeps {SYNC_MS} ms more in its thread, as one sync of SQLite's
log would take it; the syncs of checkpoints are left out. *A commit per delivery* is our own code with groups of
one.
"""


@dataclass(slots=True)
class Measured:
    """All rounds of one server at one concurrency."""

    outcomes: list[Outcome] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)

    @property
    def per_second(self) -> float:
        """Give the median rate."""
        return median(outcome.per_second for outcome in self.outcomes)


HEAVY = """
Bare aiohttp has very little to do: half of its rate leaves ours as much processor time again for the HMAC, the
decoding, the rows and the way into a transaction and back, and that takes more. The third table has the shares by
processor time, which other work on the machine disturbs less. Besides, the load, the loop and the writing thread,
or PostgreSQL, share two cores, where bare shares them with the load alone.
"""

Results = Mapping[tuple[str, int], Measured]


def measure(*, quick: bool = False) -> Section:
    """Measure all servers in turn, round after round."""
    rounds = QUICK_ROUNDS if quick else ROUNDS
    results: defaultdict[tuple[str, int], Measured] = defaultdict(Measured)
    with ExitStack() as stack:
        load = stack.enter_context(generator())
        urls: dict[str, str] = {}
        servers = stack.enter_context(_servers(urls))
        taken = dict.fromkeys(servers, 0)
        slots = {
            (name, concurrency): _warm_up(load, servers[name], concurrency, taken, name)
            for name in servers
            for concurrency in _crowds(name)
        }
        for _ in range(rounds):
            for concurrency in CONCURRENCY:
                for name, server in servers.items():
                    if number := slots.get((name, concurrency)):
                        found = _one(load, server, concurrency, number, results[name, concurrency])
                        taken[name] += number - found.refused
        kept = {name: (taken[name], asyncio.run(_counted(url))) for name, url in urls.items()}
    return _section(results, kept, rounds)


@contextmanager
def _servers(urls: dict[str, str]) -> Iterator[dict[str, Server]]:
    with ExitStack() as stack:
        file = stack.enter_context(sqlite_files())
        server = stack.enter_context(postgres_databases())
        urls |= {SQLITE: file(), POSTGRES: server.make(), SLOW: file(), SLOW_SINGLE: file()}
        slowly = ("-m", "benchmarks.ours", f"--sync-ms={SYNC_MS}")
        commands = {
            BARE: ("-m", "benchmarks.rivals.bare"),
            TYPICAL: ("-m", "benchmarks.rivals.typical"),
            SQLITE: ("-m", "bot", "serve"),
            POSTGRES: ("-m", "bot", "serve"),
            SLOW: (*slowly, "serve"),
            SLOW_SINGLE: (*slowly, "--one-by-one", "serve"),
        }
        yield {
            name: stack.enter_context(
                serving(*command, environment=bot_environment(urls[name]) if name in urls else None)
            )
            for name, command in commands.items()
        }


def _crowds(name: str) -> tuple[int, ...]:
    """Say for how many at once a server is measured; the slow disk is for crowds."""
    return CONCURRENCY[-2:] if name in (SLOW, SLOW_SINGLE) else CONCURRENCY


def _warm_up(load: Generator, server: Server, concurrency: int, taken: dict[str, int], name: str) -> int:
    """Give the number of deliveries that fill a slot."""
    number = max(100, 3 * concurrency)
    outcome = load.send(server.port, concurrency, number)
    taken[name] += number - outcome.refused
    return min(max(number, int(outcome.per_second * SLOT)), MOST)


def _one(load: Generator, server: Server, concurrency: int, number: int, measured: Measured) -> Outcome:
    before = server.cpu()
    outcome = load.send(server.port, concurrency, number)
    measured.outcomes.append(outcome)
    measured.cpu.append((server.cpu() - before) / number)
    return outcome


async def _counted(database_url: str) -> int:
    store = await Store.open(database_url)
    try:
        return (await store.petitions.get_snapshot(make_template().issue_id, newest=0)).count
    finally:
        await store.close()


def _ratio(results: Results, name: str, concurrency: int, to: str = BARE) -> float:
    ones, others = ([outcome.per_second for outcome in results[each, concurrency].outcomes] for each in (name, to))
    return paired_ratio(ones, others)


def _section(results: Results, kept: Mapping[str, tuple[int, int]], rounds: int) -> Section:
    names = [BARE, TYPICAL, SQLITE, POSTGRES, SLOW, SLOW_SINGLE]
    lost = sum(taken - counted for taken, counted in kept.values())
    return Section(
        name="accept",
        title="Accepting deliveries",
        notes=f"{NOTES}\n{rounds} rounds. Of all that was answered with 200, {lost} are missing in the databases.",
        tables=[
            Table(
                ["deliveries a second", *(f"{c} at once" for c in CONCURRENCY)],
                [[name, *(_rate(results, name, c) for c in CONCURRENCY)] for name in names],
                "Rate, and its share of bare aiohttp's",
            ),
            Table(
                ["ms, p50 / p99", *(f"{c} at once" for c in CONCURRENCY)],
                [[name, *(_times(results, name, c) for c in CONCURRENCY)] for name in names],
                "Time to the answer",
            ),
            Table(
                ["µs (bare's share of it)", *(f"{c} at once" for c in CONCURRENCY)],
                [[name, *(_cpu(results, name, c) for c in CONCURRENCY)] for name in names[:4]],
                "Processor time of the server per delivery, its threads included, PostgreSQL's own processes not",
            ),
        ],
        charts=[
            Chart(
                "Deliveries accepted a second",
                "connections at once",
                "deliveries a second",
                [
                    Line(name, [(c, results[name, c].per_second) for c in CONCURRENCY])
                    for name in (BARE, TYPICAL, SQLITE, POSTGRES)
                ],
                log_x=True,
            )
        ],
        goals=[*_goals(results), none_of("deliveries answered with 200 and not in the database", lost)],
    )


def _goals(results: Results) -> Iterator[Goal]:
    for concurrency in (64, 256):
        at = f"at {concurrency} at once"
        for what, limit, name, to, why in (
            ("SQLite, share of bare aiohttp", 0.5, SQLITE, BARE, HEAVY),
            ("SQLite, times a typical gidgethub bot", 1.4, SQLITE, TYPICAL, HEAVY),
            ("PostgreSQL, share of bare aiohttp", 0.45, POSTGRES, BARE, HEAVY),
            ("2 ms a sync, times a commit per delivery", 8, SLOW, SLOW_SINGLE, ""),
        ):
            yield at_least(f"{what}, {at}", limit, _ratio(results, name, concurrency, to), why=why)


def _rate(results: Results, name: str, concurrency: int) -> str:
    if (name, concurrency) not in results:
        return "–"
    rate = f"{results[name, concurrency].per_second:,.0f}"
    return rate if name == BARE else f"{rate} ({_ratio(results, name, concurrency):.2f})"


def _times(results: Results, name: str, concurrency: int) -> str:
    if (name, concurrency) not in results:
        return "–"
    outcomes = results[name, concurrency].outcomes
    return f"{median(one.p50 for one in outcomes):.1f} / {median(one.p99 for one in outcomes):.1f}"


def _cpu(results: Results, name: str, concurrency: int) -> str:
    taken, bare = results[name, concurrency].cpu, results[BARE, concurrency].cpu
    text = f"{median(taken) * 1e6:,.0f}"
    return text if name == BARE else f"{text} ({paired_ratio(bare, taken):.2f})"
