"""How many deliveries are accepted, each on disk before its answer: beside servers that only read them.

*Bare* reads the body and answers. *Typical* is a bot as gidgethub's documentation shows it, and stores nothing.
GitHub cannot be reached, so that accepting alone is measured. Every server has its turn in each round, and ratios
are medians of each round's ratio.
"""

from __future__ import annotations

import json
import urllib.request
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from itertools import product
from statistics import median

from benchmarks.databases import new_database, postgres_server, sqlite_files
from benchmarks.load import Outcome, generator
from benchmarks.report import Goal, Options, Report, Table, paired_ratio, spread
from benchmarks.servers import ROOT, Server, bot_environment, serving

CONCURRENCY, QUICK_CONCURRENCY = (1, 16, 64, 256), (64,)
WANTED = 64
"""The number of connections for which there are goals."""

ROUNDS, QUICK_ROUNDS = 9, 1
SLOT, QUICK_SLOT = 0.4, 0.05
"""Seconds that one server gets in a round, about."""

MOST = 10_000
"""Deliveries in one slot; they are made beforehand, and take 17 kB each."""

BARE, TYPICAL = "bare aiohttp", "typical gidgethub"
SQLITE, POSTGRES = "ours, SQLite", "ours, PostgreSQL"
OTHERS = {SQLITE: "other checkout, SQLite", POSTGRES: "other checkout, PostgreSQL"}


@dataclass(slots=True)
class Runs:
    """All rounds of one server at one concurrency; `cpu` is the server's processor time per delivery."""

    outcomes: list[Outcome] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)

    @property
    def rates(self) -> list[float]:
        """Return the deliveries a second of each round."""
        return [outcome.per_second for outcome in self.outcomes]


Results = Mapping[tuple[str, int], Runs]


def measure(options: Options) -> Report:
    """Measure all servers in turn, round after round."""
    crowds = QUICK_CONCURRENCY if options.quick else CONCURRENCY
    slot = QUICK_SLOT if options.quick else SLOT
    results: defaultdict[tuple[str, int], Runs] = defaultdict(Runs)
    taken = Counter[str]()
    with generator() as load, _servers(options) as servers:

        def send(name: str, crowd: int, number: int) -> Outcome:
            outcome = load.send(servers[name].port, crowd, number)
            taken[name] += number - outcome.refused
            return outcome

        sizes = {}
        for name, crowd in product(servers, crowds):
            least = max(100, 3 * crowd)
            sizes[name, crowd] = min(max(least, int(send(name, crowd, least).per_second * slot)), MOST)
        for number in range(options.rounds or (QUICK_ROUNDS if options.quick else ROUNDS)):
            for crowd in crowds:
                # Who comes first has the cooler machine.
                for name in list(servers)[:: -1 if number % 2 else 1]:
                    before = servers[name].cpu()
                    results[name, crowd].outcomes.append(send(name, crowd, sizes[name, crowd]))
                    results[name, crowd].cpu.append((servers[name].cpu() - before) / sizes[name, crowd])
        lost = sum(taken[name] - _counted(servers[name]) for name in servers if name not in (BARE, TYPICAL))
    return Report(list(_tables(results, list(servers), crowds)), _goals(results, lost))


@contextmanager
def _servers(options: Options) -> Iterator[dict[str, Server]]:
    with ExitStack() as stack:
        file, server = stack.enter_context(sqlite_files()), stack.enter_context(postgres_server())
        make: dict[str, Callable[[], str]] = {SQLITE: file, POSTGRES: partial(new_database, server)}
        servers = {
            BARE: stack.enter_context(serving("-m", "benchmarks.bare_server")),
            TYPICAL: stack.enter_context(serving("-m", "benchmarks.gidgethub_bots", "typical")),
        }
        for ours, other in OTHERS.items():
            checkouts = {ours: ROOT} | ({other: options.against} if options.against else {})
            for name, checkout in checkouts.items():
                bot = serving("-m", "bot", "serve", environment=bot_environment(make[ours]()), checkout=checkout)
                servers[name] = stack.enter_context(bot)
        yield servers


def _counted(server: Server) -> int:
    with urllib.request.urlopen(f"http://127.0.0.1:{server.port}/petitions/lovelace/letters/1.json") as answer:
        return int(json.load(answer)["petition"]["count"])


def _tables(results: Results, names: Sequence[str], crowds: Sequence[int]) -> Iterator[Table]:
    headings = [f"{crowd} at once" for crowd in crowds]
    cells: Mapping[str, Callable[[Runs, Runs], str]] = {
        "deliveries a second (times bare)": lambda runs, bare: (
            f"{median(runs.rates):,.0f} ({paired_ratio(runs.rates, bare.rates):.2f})"
        ),
        "ms to the answer, p50 / p99": lambda runs, _: (
            f"{median(one.p50 for one in runs.outcomes):.1f} / {median(one.p99 for one in runs.outcomes):.1f}"
        ),
        "processor time of the server, µs (bare's share of it)": lambda runs, bare: (
            f"{median(runs.cpu) * 1e6:,.0f} ({paired_ratio(bare.cpu, runs.cpu):.2f})"
        ),
    }
    for what, cell in cells.items():
        rows = [[name, *(cell(results[name, crowd], results[BARE, crowd]) for crowd in crowds)] for name in names]
        yield Table([what, *headings], rows)
    for ours, other in OTHERS.items():
        if other in names:
            pairs = [(results[other, crowd], results[ours, crowd]) for crowd in crowds]
            rows = [
                ["deliveries a second", *(spread(one.rates, two.rates) for one, two in pairs)],
                ["processor time", *(spread(one.cpu, two.cpu) for one, two in pairs)],
            ]
            yield Table([f"{other}, times {ours} (half of the rounds)", *headings], rows)


def _goals(results: Results, lost: int) -> list[Goal]:
    def ratio(name: str, to: str) -> float:
        return paired_ratio(results[name, WANTED].rates, results[to, WANTED].rates)

    return [
        Goal("SQLite, share of bare aiohttp", ratio(SQLITE, BARE), 0.5, at_least=True),
        Goal("SQLite, times a typical gidgethub bot", ratio(SQLITE, TYPICAL), 1.4, at_least=True),
        Goal("PostgreSQL, share of bare aiohttp", ratio(POSTGRES, BARE), 0.45, at_least=True),
        Goal("deliveries answered with 200 and not counted", lost, 0),
    ]
